-- Enterprises: the tenants whose devices these are.

create table enterprise (
  number                  text        primary key, -- never changes
  name                    text        not null,
  name_key                text        not null,    -- case folded
  gateway_username        text,
  gateway_password_sealed text,
  comment                 text        not null,
  created_at              timestamptz not null,
  revision                integer     not null,
  search                  text        not null     -- number and name, case folded
);
