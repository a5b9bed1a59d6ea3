// What a page's window has beside the standard: Plotly, once it is loaded, and the events of events.js.
interface Window {
  Plotly?: any;
  timbrePlotly?: Promise<any>;
}

interface WindowEventMap {
  "timbre:select": CustomEvent;
  "timbre:neighbours": CustomEvent;
  "timbre:playing": CustomEvent;
  "timbre:hush": CustomEvent;
  "timbre:drawn": CustomEvent;
  "timbre:guest": CustomEvent;
  "timbre:match": CustomEvent;
}
