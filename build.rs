//! Builds anew when what is embedded has changed: the console and the database's migrations.

fn main() {
    println!("cargo:rerun-if-changed=web/dist");
    println!("cargo:rerun-if-changed=src/store/migrations");
}
