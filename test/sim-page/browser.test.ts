import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pageOf } from "../../node/sim/page/mod.ts";
import { Browser, findChromium, type Page } from "./browser.ts";
import { EVIL, hostile, recordOf } from "./records.ts";

const chromium = findChromium();

if (chromium === undefined) {
  it("not run: no chromium", (context) => context.skip("not run: no chromium"));
} else {
  describe("the page of a run in a browser", () => {
    const folder = mkdtempSync(join(tmpdir(), "moot-page-"));
    const record = recordOf("bidding-10", 7, { faults: "churn", tasks: 40 });
    const submitted = record.facts.filter(({ fact }) => fact.type === "submitted").length;
    const browser = new Browser(chromium);
    const url = file("churn", pageOf(record));
    let page: Page;

    function file(name: string, text: string): string {
      const path = join(folder, `${name}.html`);
      writeFileSync(path, text);
      return pathToFileURL(path).href;
    }

    beforeAll(async () => {
      page = await browser.page();
      await page.size(1_400, 900);
    });
    afterAll(async () => {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it("asks nothing of a network and says nothing on the console", async () => {
      await page.open(url);
      expect(page.requests).toEqual([url]);
      expect(page.errors).toEqual([]);
    });

    it("draws its charts, a lane for every task, and every peer", async () => {
      await page.open(url);
      expect(await page.evaluate("document.querySelectorAll('#charts canvas').length")).toBe("3");
      expect(await page.evaluate("document.querySelectorAll('#lanes-body svg.lane').length")).toBe(String(submitted));
      const runs = await page.evaluate("document.querySelectorAll('#lanes-body .bar.run').length");
      expect(Number(runs)).toBe(record.executions.length);
      expect(await page.evaluate("document.querySelectorAll('#network .peer').length")).toBe("10");
      expect(Number(await page.evaluate("document.querySelectorAll('#sequence .said').length"))).toBeGreaterThan(10);
      expect(await page.evaluate("document.querySelectorAll('svg.histogram').length")).toBe("2");
    });

    it("opens a task's story by keyboard, and gives the focus back", async () => {
      await page.open(url);
      await page.evaluate("document.querySelector('#lanes-body .task').focus()");
      await page.press("ArrowDown", 40);
      const chosen = await page.evaluate("document.activeElement.textContent");
      expect(chosen).toBe(await page.evaluate("document.querySelectorAll('#lanes-body .task')[1].textContent"));
      await page.press("Enter", 13);
      expect(await page.evaluate("document.querySelector('dialog').open")).toBe("true");
      expect(await page.evaluate("document.querySelector('#story-title').textContent")).toBe(`Task ${chosen}`);
      const story = await page.evaluate("document.querySelector('#story-body').textContent");
      for (const words of ["asked", "won ballot", "Attempts", "Outcome", "What every peer noted"])
        expect(story).toContain(words);
      await page.press("Escape", 27);
      expect(await page.evaluate("document.querySelector('dialog').open")).toBe("false");
      expect(await page.evaluate("document.activeElement.textContent")).toBe(chosen);
    });

    it("shows only the rows of a filter, and finds a task", async () => {
      await page.open(url);
      const rows = "document.querySelectorAll('#lanes-body tr').length";
      await page.evaluate("document.querySelector('.chip.slow').click()");
      const slow = Number(await page.evaluate("document.querySelector('.chip.slow .count').textContent"));
      expect(slow).toBeGreaterThan(0);
      expect(await page.evaluate(rows)).toBe(String(slow));
      await page.evaluate("document.querySelector('.chip.all').click()");
      const search = "const field = document.querySelector('#lanes-search'); field.value = 'g0.17'";
      await page.evaluate(`{ ${search}; field.dispatchEvent(new Event('input')); }`);
      expect(await page.evaluate(rows)).toBe("1");
    });

    it("shows who is down at an instant, as the record has it", async () => {
      await page.open(url);
      const crash = record.faults.find(({ what, until = 0, at }) => what === "crash" && until > at + 100);
      const name = record.peers[crash?.peers[0] ?? -1]?.name;
      expect(name).toBeDefined();
      // Its place in the table of faults is a button that goes there.
      const place = crash === undefined ? -1 : record.faults.indexOf(crash);
      await page.evaluate(`document.querySelectorAll('#faults button[data-at]')[${place}].click()`);
      await page.settle();
      const down =
        "[...document.querySelectorAll('#network .peer.down title')].map((title) => title.textContent).join()";
      expect(await page.evaluate(down)).toContain(`${name} (`);
      expect(await page.evaluate("document.querySelector('#network-said').textContent")).toContain(`down: `);
    });

    it("goes through the time by keyboard", async () => {
      await page.open(url);
      await page.evaluate("document.querySelector('#network-time').focus()");
      const before = await page.evaluate("document.querySelector('#network-now').textContent");
      for (let times = 0; times < 5; times++) await page.press("ArrowRight", 39);
      expect(await page.evaluate("document.querySelector('#network-now').textContent")).not.toBe(before);
    });

    it("plays", async () => {
      await page.open(url);
      const now = "document.querySelector('#network-now').textContent";
      await page.evaluate("document.querySelector('#network-play').click()");
      const before = await page.evaluate(now);
      const changed = `new Promise((done) => {
        const look = () => (${now} === ${JSON.stringify(before)} ? requestAnimationFrame(look) : done(${now}));
        look();
      })`;
      expect(await page.evaluate(changed)).not.toBe(before);
      await page.evaluate("document.querySelector('#network-play').click()");
      expect(await page.evaluate("document.querySelector('#network-play').textContent")).toBe("Play");
    });

    it.each([
      ["a phone", 400],
      ["a tablet", 768],
      ["a desk", 1_400],
    ])("does not overflow %s", async (_, width) => {
      const narrow = await browser.page();
      await narrow.size(width, 860);
      await narrow.open(file("evil", pageOf(hostile(record))));
      const wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
      expect(await narrow.evaluate(wide)).toBe("true");
      await narrow.evaluate("document.querySelector('#lanes-body .task').click()");
      await narrow.settle();
      const inside =
        "(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)(document.querySelector('#story-body'))";
      expect(await narrow.evaluate(inside)).toBe("true");
      expect(await narrow.evaluate(wide)).toBe("true");
    });

    it("shows what is evil in a record as text", async () => {
      const evil = await browser.page();
      await evil.size(1_400, 900);
      await evil.open(file("evil", pageOf(hostile(record))));
      await evil.evaluate("document.querySelector('#lanes-body .task').click()");
      await evil.evaluate("for (const summary of document.querySelectorAll('summary')) summary.click()");
      await evil.settle();
      expect(evil.errors).toEqual([]);
      expect(evil.requests).toHaveLength(1);
      expect(await evil.evaluate("document.querySelectorAll('img').length")).toBe("0");
      expect(await evil.evaluate("document.scripts.length")).toBe("3");
      const text = await evil.evaluate("document.body.textContent");
      for (const place of ["name", "group", "breach", "fault"]) expect(text).toContain(`${place} ${EVIL}`.slice(0, 60));
      expect(await evil.evaluate("document.querySelector('#story-body').textContent")).toContain(`why ${EVIL}`);
    });

    it("is drawn in both palettes, with text that can be read", async () => {
      for (const scheme of ["light", "dark"] as const) {
        const seen = await browser.page();
        await seen.size(1_400, 900);
        await seen.scheme(scheme);
        await seen.open(url);
        const low = await seen.evaluate(`JSON.stringify(${CONTRASTS})`);
        expect(JSON.parse(low)).toEqual([]);
        expect(seen.errors).toEqual([]);
      }
    });
  });
}

/** Texts with a contrast below 4.5 to the paper or card that they stand on (WCAG 2, 1.4.3). */
const CONTRASTS = `(() => {
  const light = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).map((part) => {
      const value = Number(part) / 255;
      return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (backgroundColor.startsWith("rgb(")) return backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  for (const element of document.querySelectorAll("p, dt, b, span, th, td, a, button, h1, h2, h3, li, summary, small, em")) {
    if (element.textContent.trim() === "" || element.closest(".uplot, .hidden, [disabled]") !== null) continue;
    const [one, other] = [light(getComputedStyle(element).color), light(ground(element))].sort((a, b) => b - a);
    const contrast = (one + 0.05) / (other + 0.05);
    if (contrast < 4.5) found.push(element.className + " " + element.textContent.slice(0, 30) + " " + contrast.toFixed(2));
  }
  return found;
})()`;
