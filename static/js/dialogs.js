// Opens native dialogs, and asks hx-confirm questions in one of them instead of the browser's own box.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open-dialog]");
  if (!opener) return;
  opener.closest("[popover]")?.hidePopover();
  document.getElementById(opener.dataset.openDialog)?.showModal();
});

// a click on the backdrop is a click on the dialog element itself
document.addEventListener("click", (event) => {
  if (event.target instanceof HTMLDialogElement) event.target.close();
});

document.addEventListener("htmx:confirm", (event) => {
  const dialog = document.getElementById("confirm");
  if (!dialog) return;
  const { ctx, issueRequest, dropRequest } = event.detail;
  event.preventDefault();
  ctx.sourceElement.closest("[popover]")?.hidePopover();
  document.getElementById("confirm-text").textContent = ctx.confirm;
  dialog.returnValue = "";
  dialog.addEventListener("close", () => (dialog.returnValue === "yes" ? issueRequest() : dropRequest()), { once: true });
  dialog.showModal();
});
