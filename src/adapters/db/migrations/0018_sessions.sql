-- The CSRF token of a session is derived from its key, which only the browser has.
alter table session drop column csrf;
