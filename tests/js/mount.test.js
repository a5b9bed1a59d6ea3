import assert from "node:assert/strict";
import { before as first, test } from "node:test";
import { mounted } from "../../pages/browser/mount.js";

first(() => {
  globalThis.document = /** @type {any} */ ({
    activeElement: { focus: () => (globalThis.focused = 1 + (globalThis.focused ?? 0)) },
  });
});

// As little of a page as components have: one element in a parent, in which Streamlit has put an empty one of its kind.
function place(name) {
  const parent = {
    children: [],
    get firstElementChild() {
      return parent.children[0];
    },
    querySelector: (selector) => parent.children.find((each) => selector === `.${each.classList[0]}`),
    insertBefore(child, before) {
      child.parentNode.children.splice(child.parentNode.children.indexOf(child), 1);
      parent.children.splice(parent.children.indexOf(before), 0, child);
      child.parentNode = parent;
    },
  };
  const contains = (each) => each === document.activeElement;
  const child = { classList: ["tx-map"], name, contains, parentNode: parent, remove: () => parent.children.pop() };
  parent.children.push(child);
  return parent;
}

function component() {
  const log = [];
  const tells = [];
  const mount = mounted(
    (parent, data, early) => {
      log.push(["make", parent.firstElementChild.name, data, Boolean(early)]);
      return {
        update: (told) => log.push(["update", told]),
        settled: () => log.push(["settled"]),
        destroy: () => log.push(["destroy"]),
      };
    },
    (_, tell) => tells.push(tell),
  );
  return { mount, log, tell: (...each) => tells.at(-1)(...each) };
}

test("a view is made once for each place, and told of changes", () => {
  const { mount, log } = component();
  const here = place("page");
  mount({ data: 1, parentElement: here, setStateValue: () => {} });
  const clean = mount({ data: 2, parentElement: here, setStateValue: () => {} });
  assert.deepEqual(log, [
    ["make", "page", 1, false],
    ["update", 1],
    ["update", 2],
  ]);
  clean();
  mount({ data: 3, parentElement: here, setStateValue: () => {} });
  assert.deepEqual(log.slice(3), [["destroy"], ["make", "page", 3, false], ["update", 3]]);
});

test("the page takes over what was there before it, with all that was done", () => {
  const { mount, log, tell } = component();
  const [before, page, told] = [place("early"), place("page"), []];
  const away = mount({ data: 1, parentElement: before, early: true });
  tell("selected", "a");
  tell("selected", "b");
  const clean = mount({ data: 2, parentElement: page, setStateValue: (...each) => told.push(each) });
  assert.deepEqual(log, [["make", "early", 1, true], ["update", 1], ["update", 2], ["settled"]]);
  assert.deepEqual(
    page.children.map(({ name }) => name),
    ["early"],
  );
  assert.equal(before.firstElementChild, undefined);
  assert.equal(globalThis.focused, 1, "where elements cannot be moved as they are");
  assert.deepEqual(told, [["selected", "b"]]);
  tell("selected", "c");
  assert.deepEqual(told.at(-1), ["selected", "c"]);
  away();
  assert.equal(log.length, 4, "it is the page's now");
  clean();
  assert.deepEqual(log.at(-1), ["destroy"]);
});

test("what no page takes over goes", () => {
  const { mount, log } = component();
  const away = mount({ data: 1, parentElement: place("early"), early: true });
  away();
  assert.deepEqual(log.at(-1), ["destroy"]);
  mount({ data: 2, parentElement: place("page"), setStateValue: () => {} });
  assert.deepEqual(log.slice(-2), [
    ["make", "page", 2, false],
    ["update", 2],
  ]);
});
