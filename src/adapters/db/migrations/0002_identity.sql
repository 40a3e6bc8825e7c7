-- Who may come in, what he did, and who works.

insert into counter (name, value) values ('account', 0), ('token', 0), ('journal', 0);

create table account (
  id                 integer     primary key,
  username           text        not null,
  username_key       text        not null unique, -- case folded
  email              text,
  role               text        not null,
  is_active          boolean     not null,
  created_at         timestamptz not null,
  last_login_at      timestamptz,
  container_ids      text        not null, -- JSON
  enterprise_numbers text        not null, -- JSON
  revision           integer     not null,
  password_hash      text        not null
);

create table token (
  id                 integer     primary key,
  digest             text        not null unique, -- SHA-256 of the key
  name               text        not null,
  role               text        not null,
  created_at         timestamptz not null,
  expires_at         timestamptz,
  created_by         text        not null,
  last_used_at       timestamptz,
  revoked_at         timestamptz,
  container_ids      text        not null,
  enterprise_numbers text        not null
);

create table session (
  digest     text        primary key, -- SHA-256 of the cookie
  user_id    integer     not null references account (id) on delete cascade,
  csrf       text        not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  revision   integer     not null
);
create index session_by_user on session (user_id);
create index session_by_expiry on session (expires_at);

create table journal (
  id      bigint      primary key,
  at      timestamptz not null,
  actor   text        not null,
  action  text        not null,
  subject text        not null,
  outcome text        not null,
  detail  text        not null
);
create index journal_by_subject on journal (subject, id);

create table lease (
  name       text        primary key,
  holder     text        not null,
  address    text        not null,
  expires_at timestamptz not null
);

-- A known word, sealed: whoever cannot open it has the wrong key.
create table key_check (
  name        text primary key,
  word_sealed text not null
);
