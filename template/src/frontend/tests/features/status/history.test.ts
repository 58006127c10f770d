/** @jest-environment node */
import type { Health } from "@/api/generated/api";
import { addAnswer, type History, LENGTH, NO_HISTORY } from "@/features/status/history";

function health(latency: number, status: "ok" | "failed" = "ok"): Health {
  return { status, components: { auth: { status, latency_ms: latency } } };
}

test("the last answers are kept, and failures are gaps", () => {
  let history: History = NO_HISTORY;
  for (let number = 0; number < LENGTH + 5; number += 1) history = addAnswer(history, health(number));
  history = addAnswer(history, health(9, "failed"));
  history = addAnswer(history, null);
  const [entry] = history.entries;
  expect(history.status).toBeNull();
  expect(entry?.last).toBeUndefined();
  expect(entry?.latencies).toHaveLength(LENGTH);
  expect(entry?.latencies.slice(-3)).toEqual([LENGTH + 4, null, null]);
});

test("a component that appears later starts then", () => {
  const history = addAnswer(addAnswer(NO_HISTORY, { status: "ok", components: {} }), health(1));
  expect(history.entries).toMatchObject([{ name: "auth", latencies: [1] }]);
});
