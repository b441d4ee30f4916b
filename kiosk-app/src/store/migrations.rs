//! The schema, one frozen file a version.

use rusqlite::Connection;

use super::error::StoreError;

/// Every version in order. A file that was ever released is never edited; the next change is the next file, and it
/// leaves the tables readable by the version before.
const STEPS: [&str; 3] = [
    include_str!("migrations/0001_hall.sql"),
    include_str!("migrations/0002_snapshot.sql"),
    include_str!("migrations/0003_moves_and_losses.sql"),
];

/// Brings the database to the newest version, each step in a transaction of its own. One that the next version wrote is
/// taken as it is, so that an update which goes back finds its hall.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let found = version(connection)?;
    let known = STEPS.len() as u32;
    if found > known + 1 {
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_database_of_the_next_version_is_taken_as_it_is() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let next = STEPS.len() as u32 + 1;
        connection.pragma_update(None, "user_version", next).unwrap();
        migrate(&mut connection).unwrap();
        assert_eq!(version(&connection).unwrap(), next);
    }

    #[test]
    fn a_database_of_a_later_version_is_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(migrate(&mut connection), Err(StoreError::Newer { found: 99, known: 3 })));
    }
}
