//! The schema, one frozen file a version.

use rusqlite::{Connection, OptionalExtension};

use super::error::StoreError;

/// Every version in order. A file that was ever released is never edited; the next change is the next file, and it
/// leaves the tables readable by the version before.
const STEPS: [&str; 4] = [
    include_str!("migrations/0001_hall.sql"),
    include_str!("migrations/0002_snapshot.sql"),
    include_str!("migrations/0003_moves_and_losses.sql"),
    include_str!("migrations/0004_updates.sql"),
];

/// Brings the database to the newest version, each step in a transaction of its own. One that a later program wrote is
/// taken as it is unless it says that only later programs may read it: an update that goes back finds its hall.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let found = version(connection)?;
    let known = STEPS.len() as u32;
    if found > known && oldest_reader(connection)? > known {
        return Err(StoreError::Newer { found, known });
    }
    for (step, number) in STEPS.iter().zip(1_u32..).skip(found as usize) {
        let doing = StoreError::sqlite;
        let transaction = connection.transaction().map_err(doing("begin a migration"))?;
        transaction.execute_batch(step).map_err(doing("migrate"))?;
        transaction.pragma_update(None, "user_version", number).map_err(doing("write the schema version"))?;
        transaction.commit().map_err(doing("commit a migration"))?;
    }
    Ok(())
}

fn version(connection: &Connection) -> Result<u32, StoreError> {
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(StoreError::sqlite("read the schema version"))
}

/// A database that does not say is for its own version alone.
fn oldest_reader(connection: &Connection) -> Result<u32, StoreError> {
    connection
        .query_row("SELECT oldest FROM reader", [], |row| row.get(0))
        .optional()
        .map(|oldest| oldest.unwrap_or(u32::MAX))
        .map_err(StoreError::sqlite("read which programs may open the database"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newest() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        connection
    }

    #[test]
    fn an_old_database_keeps_its_rows_through_every_later_version() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("migrations/test_v1.sql")).unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        assert_eq!(version(&connection).unwrap(), STEPS.len() as u32);
        let number: String = connection.query_row("SELECT number FROM ticket", [], |row| row.get(0)).unwrap();
        assert_eq!(number, "A012");
    }

    #[test]
    fn a_database_of_a_later_version_is_taken_as_it_is_unless_it_forbids_that() {
        let known = STEPS.len() as u32;
        for (later, oldest, taken) in [
            (known + 1, 3, true),
            (known + 7, known, true),
            (known + 1, known + 1, false),
            (99, known + 7, false),
        ] {
            let mut connection = newest();
            connection.execute("UPDATE reader SET oldest = ?1", [oldest]).unwrap();
            connection.pragma_update(None, "user_version", later).unwrap();
            match migrate(&mut connection) {
                Ok(()) => assert!(taken, "version {later}, oldest reader {oldest}"),
                Err(StoreError::Newer { found, .. }) => {
                    assert!(!taken && found == later, "{later}, {oldest}")
                }
                Err(other) => panic!("{other}"),
            }
            assert_eq!(version(&connection).unwrap(), later, "nothing was changed");
        }
    }

    #[test]
    fn a_database_of_a_later_version_that_does_not_say_is_left_alone() {
        let mut connection = newest();
        connection.execute("DELETE FROM reader", []).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(migrate(&mut connection), Err(StoreError::Newer { found: 99, known: 4 })));
    }

    /// What the statements of a step do, each by its first words.
    fn statements(step: &str) -> Vec<String> {
        let code: Vec<&str> = step.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
        let words = |text: &str| text.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
        code.join("\n").split(';').map(words).filter(|words| !words.is_empty()).collect()
    }

    #[test]
    fn every_step_since_the_fourth_only_adds_tables() {
        let may = ["CREATE TABLE ", "CREATE INDEX ", "INSERT INTO "];
        for step in STEPS.iter().skip(3) {
            for statement in statements(step) {
                assert!(
                    may.iter().any(|may| statement.starts_with(may)) || statement == "UPDATE reader SET",
                    "{statement}: the version before could not go on with that"
                );
            }
        }
        // The control: the third step would not have been let through.
        assert!(statements(STEPS[2]).iter().any(|statement| statement.starts_with("ALTER TABLE")));
    }
}
