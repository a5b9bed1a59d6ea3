// Small line drawings for buttons.

export function icon(path) {
  const holder = document.createElement("span");
  holder.className = "tx-icon";
  holder.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${path}"/></svg>`;
  return holder;
}

export const ICONS = {
  lock: "M4.5 7.5h7v6h-7zM6 7.5V5.2a2 2 0 0 1 4 0v2.3",
  open: "M4.5 7.5h7v6h-7zM6 7.5V4.8a2 2 0 0 1 3.9-.6",
  undo: "M6 3.5 3 6.5l3 3M3.3 6.5H9a3.5 3.5 0 0 1 0 7H6",
  redo: "M10 3.5l3 3-3 3M12.7 6.5H7a3.5 3.5 0 0 0 0 7h3",
  dice: "M3 3h10v10H3zM5.8 5.8h.01M8 8h.01M10.2 10.2h.01",
  nudge: "M2.5 8h2l1.5-3 2.5 6 2-4.5 1 1.5h2",
  reset: "M8 3.5a4.5 4.5 0 1 1-4.3 3.2M3.3 3.3v3.5h3.5",
};
