"""The index's tables, as numbered steps. A step that was released is never changed; a new one is added below it."""

from __future__ import annotations

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE frames (
            seq INTEGER PRIMARY KEY,
            shot_id TEXT NOT NULL,
            take INTEGER NOT NULL,
            file TEXT NOT NULL UNIQUE,
            fingerprint TEXT NOT NULL,
            content TEXT NOT NULL,
            made REAL NOT NULL,
            note TEXT NOT NULL DEFAULT '',
            UNIQUE (shot_id, take))""",
        "CREATE INDEX frames_made ON frames (made)",
        "CREATE INDEX frames_fingerprint ON frames (fingerprint)",
        # The id under which the picture is named where another shot uses it.
        "CREATE INDEX frames_content ON frames (content)",
        # A term is a path with a value, such as lens.f_number 1.8 or tag "hero"; its postings are the frames that have
        # it, in order of adding, so that "the newest fifty" is read off the end of a list.
        """CREATE TABLE terms (
            id INTEGER PRIMARY KEY, path TEXT NOT NULL, value, uses INTEGER NOT NULL DEFAULT 0,
            UNIQUE (path, value))""",
        "CREATE TABLE postings (term INTEGER, seq INTEGER, PRIMARY KEY (term, seq)) WITHOUT ROWID",
        # Which terms a person gave a frame (rating, pick, tag, project): few, and read back by frame.
        "CREATE TABLE marks (seq INTEGER, term INTEGER, PRIMARY KEY (seq, term)) WITHOUT ROWID",
        """CREATE TABLE lineage (
            child INTEGER NOT NULL, role TEXT NOT NULL, parent TEXT NOT NULL, PRIMARY KEY (child, role, parent)
            ) WITHOUT ROWID""",
        "CREATE INDEX lineage_parent ON lineage (parent)",
        "CREATE TABLE receipts (seq INTEGER PRIMARY KEY, content TEXT NOT NULL)",
        "CREATE VIRTUAL TABLE words USING fts5 (prompt, note, tags, tokenize = 'unicode61 remove_diacritics 2')",
        "CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
        "INSERT INTO state VALUES ('journal', 0)",
    ),
    (
        # Answers to "which is better"; the name keeps an entry of the journal from being counted twice.
        "CREATE TABLE votes (number INTEGER PRIMARY KEY, name TEXT UNIQUE, first TEXT, second TEXT, tie INTEGER)",
    ),
)
"""Each entry holds the statements that lead from version n to version n + 1 (SQLite's `user_version`)."""
