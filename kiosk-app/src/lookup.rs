//! Asking for a dossier: the district server, else the kiosk's own copy.
