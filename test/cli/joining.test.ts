/** When `moot up` warns that it cannot join, how often, and when it takes that back: on a clock that the test moves. */
import { expect, it } from "vitest";
import { JoinWatch, WARN } from "../../node/cli/joining.ts";
import type { Joining } from "../../node/moot-node.ts";

const ADDRESS = "/ip4/192.0.2.7/tcp/4001";
const alone: Joining = { joined: false, ways: [{ address: ADDRESS, tried: true, error: "nothing listens there" }] };
const joined: Joining = { ...alone, joined: true };
const LOOK_MS = 1_000;

/** Looks every second, and remembers when something was said. */
function watching() {
  const watch = new JoinWatch();
  let now = 0;
  const look = (state: Joining) => {
    now += LOOK_MS;
    return watch.look(now, state);
  };
  /** The events of a time with this state, each with the second of that time. */
  const during = (seconds: number, state: Joining) =>
    Array.from({ length: seconds }, (_, index) => look(state).map(({ event }) => `${event} ${index + 1}`)).flat();
  return { look, during };
}

it("warns after five seconds, then less and less often", () => {
  const events = watching().during(60 * 60, alone);
  const seconds = events.map((text) => Number(text.replace("join-failed ", "")));
  // The first look is in the first second.
  expect(seconds.slice(0, 6)).toEqual([6, 16, 36, 76, 156, 316]);
  const pauses = seconds.map((at, index) => at - (seconds[index - 1] ?? 0));
  expect(Math.max(...pauses)).toBe(WARN.pause_ms_max / 1_000);
  expect(seconds.length).toBe(16);
});

it("says which address, why, and what it may be, for people and for programs", () => {
  const { look, during } = watching();
  during(5, alone);
  const other = { address: "/ip4/192.0.2.8/tcp/4001", tried: false, error: undefined };
  const stranger = { address: "/ip4/192.0.2.9/tcp/4001", tried: true, error: undefined };
  const notices = look({ joined: false, ways: [...alone.ways, other, stranger] });
  expect(notices.map(({ fields }) => fields)).toEqual([
    { addr: ADDRESS, error: "nothing listens there" },
    { addr: other.address, error: "no answer yet" },
    { addr: stranger.address, error: "it answers, but is no member of this network" },
  ]);
  const text = notices.map((notice) => notice.text).join("\n");
  for (const word of [ADDRESS, "nothing listens there", "wrong address", "network key", "firewall", "not up"])
    expect(text.split(word), word).toHaveLength(2); // once
});

it("takes it back once, and begins afresh when everybody is gone again", () => {
  const { during } = watching();
  expect(during(20, alone)).toEqual(["join-failed 6", "join-failed 16"]);
  expect(during(20, joined)).toEqual(["joined 1"]);
  expect(during(20, alone)).toEqual(["join-failed 6", "join-failed 16"]);
});

it("says nothing when a member answers in time, or when there is nobody to join", () => {
  const { during } = watching();
  expect(during(5, alone)).toEqual([]);
  expect(during(600, joined)).toEqual([]);
  expect(watching().during(600, { joined: false, ways: [] })).toEqual([]);
});

it("shows nothing that could move the cursor", () => {
  const { look, during } = watching();
  during(5, alone);
  const [notice] = look({ joined: false, ways: [{ address: ADDRESS, tried: true, error: "\u001b[2J\u202e" }] });
  expect(notice?.text).toContain("\\u{202e}");
  expect(notice?.text).not.toContain("\u202e");
});
