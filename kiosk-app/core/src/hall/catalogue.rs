//! From a field to a procedure.

use crate::screen::CHOICES_PER_PAGE;
use crate::session::Step;
use crate::settings::Procedure;

use super::turn::Turn;

impl<'a> Turn<'a> {
    /// The fields of the catalogue, in the order in which they first appear.
    pub(super) fn fields(&self) -> Vec<&'a str> {
        let mut fields: Vec<&str> = Vec::new();
        for procedure in &self.set.catalogue {
            if !fields.contains(&procedure.field.as_str()) {
                fields.push(&procedure.field);
            }
        }
        fields
    }

    /// The procedures of a field.
    pub(super) fn procedures_of(&self, field: &str) -> Vec<&'a Procedure> {
        self.set.catalogue.iter().filter(|procedure| procedure.field == field).collect()
    }

    /// A field, by its index on the page shown.
    pub(super) fn choose_field(&mut self, shown: usize) {
        let chosen = if let Step::Fields { index } = self.st.session.step {
            on_page(&self.fields(), index, shown)
        } else {
            None
        };
        match chosen {
            Some(field) => self.go(Step::Procedures { field: field.to_string(), index: 0 }),
            None => self.misplaced(),
        }
    }

    /// A procedure, by its index on the page shown.
    pub(super) fn choose_procedure(&mut self, shown: usize) {
        let chosen = if let Step::Procedures { field, index } = &self.st.session.step {
            on_page(&self.procedures_of(field), *index, shown)
        } else {
            None
        };
        match chosen {
            Some(procedure) => self.go(Step::Procedure(procedure.clone())),
            None => self.misplaced(),
        }
    }
}

fn on_page<T: Copy>(all: &[T], page: usize, shown: usize) -> Option<T> {
    (shown < CHOICES_PER_PAGE).then(|| all.get(page * CHOICES_PER_PAGE + shown).copied()).flatten()
}
