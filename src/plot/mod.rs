//! Images for reports: spectrum, waterfall, occupancy, as PNG and SVG.
