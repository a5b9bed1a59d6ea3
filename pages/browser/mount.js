// What Streamlit calls for a component whenever its data changes: each place on the page has one view, made on the first call.

// make(parent, data, early): the view; it has update(data) and destroy(). connect(view, setStateValue): lets it tell Python
// something. Early: the page is not there yet (see early.js); its first place takes over that view, elements and all, and what it
// has told meanwhile. It may have settled(): then that has happened.
/** @param {(parent: any, data: any, early?: boolean) => any} make @param {(view: any, setStateValue: any) => void} connect */
export function mounted(make, connect = () => {}) {
  const views = new WeakMap();
  let waiting = null;

  function show(parent, data) {
    const view = make(parent, data, true);
    const told = new Map();
    waiting = { view, parent, told };
    connect(view, (name, value) => told.set(name, value));
    view.update(data);
    return () => {
      if (waiting?.view === view) view.destroy();
      waiting = null;
    };
  }

  function takeOver(parent, data, setStateValue) {
    const { view, parent: before, told } = waiting;
    waiting = null;
    views.set(parent, view);
    settle(before, parent);
    connect(view, setStateValue);
    view.update(data);
    view.settled?.();
    for (const [name, value] of told) setStateValue(name, value);
  }

  return ({ data, parentElement, setStateValue, early = false }) => {
    if (early) return show(parentElement, data);
    if (waiting && !views.has(parentElement)) takeOver(parentElement, data, setStateValue);
    else {
      if (!views.has(parentElement)) views.set(parentElement, make(parentElement, data));
      connect(views.get(parentElement), setStateValue);
      views.get(parentElement).update(data);
    }
    return () => {
      views.get(parentElement)?.destroy();
      views.delete(parentElement);
    };
  };
}

// A component's element takes the place of its like, and keeps the focus.
function settle(before, parent) {
  const root = before.firstElementChild;
  const like = parent.querySelector(`.${root.classList[0]}`);
  const place = like.parentNode;
  const active = /** @type {any} */ (document.activeElement);
  if (place.moveBefore) place.moveBefore(root, like);
  else {
    place.insertBefore(root, like);
    if (root.contains(active)) active.focus({ preventScroll: true });
  }
  like.remove();
}
