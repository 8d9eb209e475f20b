//! The demo district on the first start: its assignments, and the roof on which its receiver stands.

use crate::{
    Error, Result,
    registry::{Place, demo},
    service::registry::RegistryService,
};

/// Loads the district's assignments where they are not known yet.
pub(super) async fn seed_registry(registry: &RegistryService) -> Result<()> {
    registry
        .seed_assignments("demo-district", demo::assignments().ok)
        .await?;
    Ok(())
}

/// Where the demo's receiver stands.
pub(super) fn site() -> Result<Place> {
    let district = demo::district().map_err(|error| Error::Invalid(format!("config/demo/district.toml: {error}")))?;
    let site = district.sites.first();
    site.map(demo::Site::place)
        .ok_or_else(|| Error::Invalid("config/demo/district.toml: it has no site".into()))
}
