/** When a handler gets no more work: failures in a row, crashes in a time. Time is an argument. */
import { expect, test } from "vitest";
import { Breaker, Intensity } from "../../node/handlers/breaker.ts";

test("failures in a row open it, and one good end among them does not", () => {
  const breaker = new Breaker({ failures: 3, pause_ms: 100 });
  for (const end of ["bad", "bad", "good", "bad", "neither", "bad"] as const) breaker.ended(0, end);
  expect(breaker.state).toBe("closed");
  breaker.ended(0, "bad");
  expect([breaker.state, breaker.failures]).toEqual(["open", 3]);
});

test("after its pause one run decides", () => {
  const breaker = new Breaker({ failures: 1, pause_ms: 100 });
  breaker.ended(0, "bad");
  breaker.look(99);
  expect(breaker.state).toBe("open");
  breaker.look(100);
  expect(breaker.state).toBe("half-open");
  breaker.ended(110, "neither");
  expect(breaker.state).toBe("half-open");
  breaker.ended(120, "bad");
  expect([breaker.state, breaker.until_ms]).toEqual(["open", 220]);
  breaker.look(220);
  breaker.ended(230, "good");
  expect([breaker.state, breaker.failures]).toEqual(["closed", 0]);
});

test("what ends while it is open changes nothing", () => {
  const breaker = new Breaker({ failures: 1, pause_ms: 100 });
  breaker.ended(0, "bad");
  breaker.ended(50, "good");
  breaker.ended(50, "bad");
  expect([breaker.state, breaker.until_ms]).toEqual(["open", 100]);
});

test("crashes count within their time only", () => {
  const intensity = new Intensity({ crashes: 2, within_ms: 100 });
  expect([0, 10, 105].map((now_ms) => intensity.exceeded(now_ms))).toEqual([false, false, false]);
  expect(intensity.exceeded(109)).toBe(true);
  intensity.forget();
  expect(intensity.exceeded(111)).toBe(false);
});
