CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  source TEXT NOT NULL,
  kind TEXT NOT NULL,
  note TEXT NOT NULL,
  ms REAL
);
CREATE INDEX events_by_source ON events (source, at);
