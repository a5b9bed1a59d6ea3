// The same map with other notes on it, as while a library is added: what is looked at and chosen stays.

import { Notes } from "../browser/notes.js";
import { address, fetchPacked } from "../browser/server.js";
import { kept } from "./kept.js";

/** @param {import("./map.js").MapView} view */
export async function renew(view) {
  if (!view.points.map) return view.load();
  const { data, points } = view;
  const map = await fetchPacked(address(`${data.url}/map`, view.parameters())).catch(() => null);
  if (!map || data.version !== view.data.version || data.checkpoint !== view.data.checkpoint || !points.map) return;
  const idsOf = (rows) => rows.map((i) => points.map.ids[i]);
  const one = idsOf([view.selected, view.hovered]);
  const [neighbours, gathered] = [idsOf(view.neighbours), idsOf(view.gathered.notes)];
  points.renew(map, data.projection);
  const rowsOf = (ids) => ids.map((id) => points.row.get(id) ?? -1);
  const found = (ids) => rowsOf(ids).filter((i) => i >= 0);
  [view.selected, view.hovered] = rowsOf(one);
  view.neighbours = found(neighbours);
  view.gathered.renew(found(gathered));
  view.finder.fill(new Notes(map));
  view.filters.renew(map);
  view.filters.apply(points.lit);
  for (const { part } of [view.space, view.list, view.instruments]) part?.fill();
  kept.open(data);
  view.refresh();
  view.showSpace();
  view.root.dataset.drawn = points.count;
}
