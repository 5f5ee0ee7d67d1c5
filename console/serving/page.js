// Keys go to the terminal from the start, and again when the page is returned to.
const takeKeys = () => document.querySelector(".xterm-helper-textarea")?.focus();
window.addEventListener("load", takeKeys);
window.addEventListener("focus", takeKeys);
