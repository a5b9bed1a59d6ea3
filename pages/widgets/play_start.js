// Where a sound may start from: any note of the map, found by words or by its dot.

const MOST_FOUND = 40;

// The map's notes as /api/map answers them, with words to search in.
class Notes {
  constructor(map) {
    this.ids = map.ids;
    this.arrays = map.arrays;
    this.columns = map.columns;
    this.words = map.words;
    this.details = map.ids.map((_, row) => detailOf(map, row));
    this.projection = map.projections[0];
    this.rows = new Map(map.ids.map((id, row) => [id, row]));
  }

  text(column, row) {
    const { names } = this.columns[column] ?? {};
    return names ? names[this.arrays[`label_${column}`][row]] : "";
  }

  colour(row) {
    return this.columns.family?.colours?.[this.arrays.label_family[row]] ?? "#8a94a6";
  }

  pitch(row) {
    const midi = this.arrays.label_pitch?.[row];
    return Number.isFinite(midi) ? noteName(midi) : "";
  }

  name(row) {
    return called(this.ids[row], this.text("instrument", row), this.text("family", row), this.pitch(row));
  }

  title(row) {
    return `${this.name(row)} ${this.pitch(row)}`.trim();
  }

  // The title, with what tells the note from others that have the same.
  whole(row) {
    this.titles ??= this.ids.reduce((seen, _, i) => seen.set(this.title(i), (seen.get(this.title(i)) ?? 0) + 1), new Map());
    const more = this.titles.get(this.title(row)) > 1 ? [this.velocity(row).replace("elocity", ""), this.details[row]] : [];
    return [this.title(row), ...more].filter(Boolean).join(" · ");
  }

  // What is said beside a note's name, where pitch and velocity stand by themselves.
  detail(row) {
    return [this.pitch(row) ? this.text("family", row) : "", this.details[row]].filter(Boolean).join(" · ");
  }

  velocity(row) {
    const value = this.arrays.label_velocity?.[row];
    return Number.isFinite(value) ? `velocity ${value}` : "";
  }

  // Rows of notes that have all the words somewhere in their names, before them those that are called just so.
  find(text) {
    this.searched ??= this.ids.map((id, row) =>
      [this.text("instrument", row), this.text("family", row), this.pitch(row), this.details[row], id].join(" ").toLowerCase().replaceAll("♯", "#"),
    );
    const wanted = text.toLowerCase().replaceAll("♯", "#").split(/\s+/).filter(Boolean);
    const [called, found] = [[], []];
    for (let row = 0; row < this.ids.length && called.length < MOST_FOUND; row++) {
      if (!wanted.every((word) => this.searched[row].includes(word))) continue;
      const names = [this.text("family", row), this.text("instrument", row), this.pitch(row).replaceAll("♯", "#")].map((name) => name.toLowerCase());
      if (wanted.every((word) => names.includes(word))) called.push(row);
      else if (found.length < MOST_FOUND) found.push(row);
    }
    return [...called, ...found].slice(0, MOST_FOUND);
  }
}

// A field that finds notes while one types (ARIA's combobox pattern).
class NoteSearch {
  constructor(field, list, chosen) {
    Object.assign(this, { field, list, chosen, active: -1, lead: field.placeholder });
    field.addEventListener("input", () => this.refresh());
    field.addEventListener("focus", () => this.refresh());
    field.addEventListener("blur", () => this.close());
    field.addEventListener("keydown", (event) => this.key(event));
    // Chosen on pointerdown, before the field loses its focus and closes the list.
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.choose(Number(option.dataset.row));
    });
  }

  // The field says what it finds, in the words of the map, with a note of it as an example.
  fill(notes) {
    this.notes = notes;
    const { note, example } = notes.words;
    this.field.placeholder = `${this.lead.replace("note", note)}${example ? `: ${example}` : ""} …`;
  }

  refresh() {
    const text = this.field.value.trim();
    if (!this.notes || !text) return this.close();
    const rows = this.notes.find(text);
    this.active = rows.length ? 0 : -1;
    this.list.replaceChildren(
      ...rows.map((row) => this.option(row)),
      ...(rows.length ? [] : [build("p", { text: `Nothing here has “${text.slice(0, 40)}” in its name: try ${this.notes.words.example || "another word"}.` })]),
    );
    this.list.hidden = false;
    this.field.setAttribute("aria-expanded", "true");
    this.paint();
  }

  option(row) {
    return build(
      "div",
      { role: "option", id: `tx-found-${row}`, "data-row": row },
      build("i", { style: `background:${this.notes.colour(row)}` }),
      build("span", { text: this.notes.name(row) }),
      build("em", { text: [this.notes.detail(row), this.notes.velocity(row)].filter(Boolean).join(" · ") }),
      build("b", { text: this.notes.pitch(row) }),
    );
  }

  paint() {
    const options = [...this.list.querySelectorAll("[role=option]")];
    options.forEach((option, i) => option.setAttribute("aria-selected", String(i === this.active)));
    options[this.active]?.scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", options[this.active]?.id ?? "");
  }

  key(event) {
    const options = this.list.querySelectorAll("[role=option]");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length) {
      this.active = (this.active + step + options.length) % options.length;
      this.paint();
    } else if (event.key === "Enter" && options[this.active]) this.choose(Number(options[this.active].dataset.row));
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
  }

  choose(row) {
    this.field.value = "";
    this.field.blur();
    this.close();
    this.chosen(this.notes.ids[row]);
  }

  close() {
    this.list.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
  }
}

// The map in small: where the sound is among the notes; a click starts from the nearest dot.
class SmallMap {
  constructor(canvas, chosen) {
    Object.assign(this, { canvas, chosen, near: [], dot: 2.2 });
    canvas.addEventListener("click", (event) => this.click(event));
    canvas.addEventListener("pointermove", (event) => this.over(event));
  }

  fill(notes) {
    this.notes = notes;
    const [x, y] = [1, 2].map((axis) => notes.arrays[`${notes.projection}_${axis}`]);
    if (!x) return;
    const span = (values) => values.reduce(([a, b], v) => (Number.isFinite(v) ? [Math.min(a, v), Math.max(b, v)] : [a, b]), [Infinity, -Infinity]);
    Object.assign(this, { x, y, spanX: span(x), spanY: span(y), picture: null });
    this.draw();
  }

  place(row, width = this.canvas.clientWidth, height = this.canvas.clientHeight) {
    const part = (value, [low, high]) => (value - low) / (high - low || 1);
    return [8 + (width - 16) * part(this.x[row], this.spanX), height - 8 - (height - 16) * part(this.y[row], this.spanY)];
  }

  draw(near = this.near) {
    this.near = near;
    if (!this.x || !this.canvas.clientWidth) return;
    const { context, width, height } = fitCanvas(this.canvas);
    context.clearRect(0, 0, width, height);
    context.drawImage(this.dots(width, height), 0, 0, width, height);
    this.mark(context);
  }

  // All dots, drawn once for a size: the mark alone moves.
  dots(width, height) {
    const ratio = window.devicePixelRatio || 1;
    const wanted = `${width} ${height} ${ratio}`;
    if (this.picture && this.drawn === wanted) return this.picture;
    this.drawn = wanted;
    this.picture = build("canvas", { width: width * ratio, height: height * ratio });
    const context = this.picture.getContext("2d");
    context.scale(ratio, ratio);
    const crowd = this.x.length > 5000;
    const size = crowd ? 1 : this.dot;
    context.globalAlpha = crowd ? 0.35 : 0.55;
    for (let row = 0; row < this.x.length; row++) {
      const [x, y] = this.place(row, width, height);
      context.fillStyle = this.notes.colour(row);
      context.fillRect(x - size / 2, y - size / 2, size, size);
    }
    return this.picture;
  }

  mark(context) {
    const nearest = this.notes.rows.get(this.near[0]?.id);
    if (nearest === undefined) return;
    const [x, y] = this.place(nearest);
    context.lineWidth = 2;
    context.strokeStyle = themeColour(this.canvas, "text-color");
    context.fillStyle = this.notes.colour(nearest);
    context.beginPath();
    context.arc(x, y, 6, 0, 7);
    context.fill();
    context.stroke();
  }

  nearestDot(event) {
    if (!this.x) return -1;
    const box = this.canvas.getBoundingClientRect();
    let best = -1;
    let least = 24 ** 2;
    for (let row = 0; row < this.x.length; row++) {
      const [x, y] = this.place(row, box.width, box.height);
      const distance = (x - event.clientX + box.left) ** 2 + (y - event.clientY + box.top) ** 2;
      if (distance < least) [best, least] = [row, distance];
    }
    return best;
  }

  over(event) {
    const row = this.nearestDot(event);
    this.canvas.style.cursor = row < 0 ? "default" : "pointer";
    this.canvas.title = row < 0 ? "" : `${this.notes.title(row)}, ${this.notes.detail(row)}`;
  }

  click(event) {
    const row = this.nearestDot(event);
    if (row >= 0) this.chosen(this.notes.ids[row]);
  }
}
