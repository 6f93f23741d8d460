-- Failures are kept apart as they arrive.
CREATE TABLE failures (event INTEGER NOT NULL REFERENCES events (id), note TEXT NOT NULL);
CREATE TRIGGER keep_failures AFTER INSERT ON events WHEN NEW.kind = 'error' BEGIN
  INSERT INTO failures VALUES (NEW.id, NEW.note);
END;
