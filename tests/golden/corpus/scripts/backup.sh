#!/usr/bin/env bash
set -euo pipefail

# Copies the database while it is in use, and compresses the copy.
backup_database() {
    local target="$1/parcels-$(date +%F).db"
    sqlite3 "$PARCELS_DATABASE" ".backup '$target'"
    gzip --force "$target"
}

# Deletes backups that are older than thirty days.
rotate_backups() {
    find "$1" -name 'parcels-*.db.gz' -mtime +30 -delete
}

backup_database "$1"
rotate_backups "$1"
