// Rows of orders: Enter in the last cell goes to the next row, Alt+Delete empties one; what holds is changed in a row.
const rows = document.querySelector("#rows tbody");
const blank = () => {
  const last = rows.rows[rows.rows.length - 1], row = grow(rows);
  row.querySelector("select").value = last.querySelector("select").value;
  for (const each of row.querySelectorAll("[name]")) {
    each.removeAttribute("aria-invalid");
    each.removeAttribute("aria-describedby");
    if (each.hasAttribute("aria-expanded")) each.setAttribute("aria-expanded", "false");
  }
  return row;
};
const isEmpty = (row) => ![...row.querySelectorAll("input")].some((each) => each.value.trim());
const free = () => [...rows.rows].find(isEmpty) || blank();
const what = (row) => row.querySelector("[data-find]");
if (rows) {
  rows.addEventListener("keydown", (event) => {
    const row = event.target.closest("tr");
    if (event.key === "Enter" && event.target.getAttribute("aria-expanded") !== "true" && !event.ctrlKey && event.target.matches("input")) {
      event.preventDefault();
      const inputs = [...row.querySelectorAll("input:not([type=hidden])")], at = inputs.indexOf(event.target);
      if (at < inputs.length - 1) inputs[at + 1].focus(); else what(row.nextElementSibling || blank()).focus();
    } else if (event.key === "Delete" && event.altKey) {
      event.preventDefault();
      for (const each of row.querySelectorAll("input")) each.value = "";
      what(row).focus();
    }
  });
  document.addEventListener("click", (event) => {
    const change = event.target.closest("[data-change]");
    if (event.target.closest("[data-more-orders]")) what(blank()).focus();
    if (!change) return;
    const row = free(), told = JSON.parse(change.dataset.change);
    for (const each of row.querySelectorAll("[name]")) {
      const part = each.name.split(".")[2];
      if (part in told) each.value = told[part];
    }
    row.querySelector("[name$='.dose']").focus();
  });
}
