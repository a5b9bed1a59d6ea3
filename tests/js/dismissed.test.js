import assert from "node:assert/strict";
import { test } from "node:test";
import { dismissed } from "../../pages/browser/dismissed.js";

// A window that hands events to its listeners in order, until one stops them.
function makeWindow() {
  const heard = [];
  globalThis.window = { addEventListener: (type, listener) => heard.push([type, listener]) };
  return (type, event) => {
    let stopped = false;
    const whole = { preventDefault() {}, stopImmediatePropagation: () => (stopped = true), ...event };
    for (const [of, listener] of heard) if (of === type && !stopped) listener(whole);
    return stopped;
  };
}

const part = (...inside) => ({ contains: (other) => inside.includes(other), matches: () => false });

function makePanel(opener) {
  const panel = { open: true, element: part("field") };
  dismissed(
    () => (panel.open ? panel.element : null),
    () => (panel.open = false),
    opener,
    null,
  );
  return panel;
}

test("Escape closes one of them at a time, and nothing else hears of it", () => {
  const send = makeWindow();
  const [first, second] = [makePanel(null), makePanel(null)];
  assert.equal(send("keydown", { key: "Escape", target: part() }), true);
  assert.deepEqual([first.open, second.open], [false, true]);
  send("keydown", { key: "Escape", target: part() });
  assert.equal(second.open, false);
  assert.equal(send("keydown", { key: "Escape", target: part() }), false, "others may have it now");
});

test("a list of suggestions takes the Escape first, and other keys close nothing", () => {
  const send = makeWindow();
  const panel = makePanel(null);
  send("keydown", { key: "Escape", target: { matches: () => true } });
  send("keydown", { key: "Enter", target: part() });
  assert.equal(panel.open, true);
});

test("what is pressed outside closes it, inside or its opener does not, and some stay", () => {
  const send = makeWindow();
  const [panel, staying] = [makePanel(part("button")), makePanel(null)];
  send("pointerdown", { target: "field" });
  send("pointerdown", { target: "button" });
  assert.equal(panel.open, true);
  send("pointerdown", { target: "map" });
  assert.deepEqual([panel.open, staying.open], [false, true]);
});
