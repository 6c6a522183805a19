// The CSRF token is rendered once, on <body>, where htmx inherits it; our own requests read it from there.
export function csrfToken() {
  const headers = document.body.getAttribute("hx-headers:inherited");
  return headers ? JSON.parse(headers)["x-csrftoken"] : "";
}

// POSTs a form body and answers the Response; throws only when there is no connection.
export function post(url, fields) {
  return fetch(url, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { "x-csrftoken": csrfToken(), "x-requested-with": "fetch" },
  });
}
