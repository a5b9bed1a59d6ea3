// In the app's page before anything else runs. A file or link that is dropped where nothing takes it stays outside: the browser
// would leave the app for it.
{
  const guard = (event) => {
    const types = event.dataTransfer?.types ?? [];
    const files = types.includes("Files");
    if (event.defaultPrevented || !(files || types.includes("text/uri-list"))) return;
    if (event.composedPath()[0].matches?.(files ? "input[type=file]" : "input, textarea")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  };
  window.addEventListener("dragover", guard);
  window.addEventListener("drop", guard);
}
