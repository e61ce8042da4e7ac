// Loads a page of the preview anew when the folder behind it has changed. The page reads without it.
"use strict";

for (const panel of document.querySelectorAll(".preview[data-events]")) {
  let stream = null;
  const listen = () => {
    stream = new EventSource(panel.dataset.events);
    stream.addEventListener("message", (event) => {
      if (event.data === panel.dataset.state) return;
      stream.close();
      location.reload();
    });
    // What is no stream ends an EventSource for good; the server may be starting again.
    stream.addEventListener("error", () => {
      if (stream.readyState === EventSource.CLOSED) setTimeout(look, 2000);
    });
  };
  // A browser has few connections for one host: what nobody sees waits until it is seen.
  const look = () => {
    if (stream) stream.close();
    if (document.visibilityState === "visible") listen();
  };
  document.addEventListener("visibilitychange", look);
  look();

  // A panel that was closed stays so while nothing else is wrong.
  const details = panel.querySelector("details");
  const wrong = panel.querySelector(".preview-problems")?.textContent ?? "";
  const key = "feedsvc-preview";
  if (details && wrong && sessionStorage.getItem(key) === wrong) details.open = false;
  details?.addEventListener("toggle", () => {
    if (details.open) sessionStorage.removeItem(key);
    else if (wrong) sessionStorage.setItem(key, wrong);
  });
}
