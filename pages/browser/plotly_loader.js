// One script element for all plots of the page.

export function plotly(address) {
  window.timbrePlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      window.timbrePlotly = undefined;
      reject(new Error("The plot's script could not be loaded: reload the page."));
    };
    document.head.append(script);
  });
  return window.timbrePlotly;
}
