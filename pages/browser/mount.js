// What Streamlit calls for a component whenever its data changes: each place on the page has one view, made on the first call.

// make(parent, data): the view; it has update(data) and destroy(). connect(view, setStateValue): lets it tell Python something.
/** @param {(parent: any, data: any) => any} make @param {(view: any, setStateValue: any) => void} connect */
export function mounted(make, connect = () => {}) {
  const views = new WeakMap();
  return ({ data, parentElement, setStateValue }) => {
    let view = views.get(parentElement);
    if (!view) {
      view = make(parentElement, data);
      views.set(parentElement, view);
    }
    connect(view, setStateValue);
    view.update(data);
    return () => {
      view.destroy();
      views.delete(parentElement);
    };
  };
}
