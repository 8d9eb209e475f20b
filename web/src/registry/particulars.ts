//! The particulars of a station as rows of a table: what the technical form has and the main columns do not.

import type { Assignment } from "../api/model";
import { dateTime, type Zone } from "../format/time";
import type { Dictionary } from "../i18n/zh";

type Words = Dictionary["particulars"];

/** Name and value of everything that is stated. */
export function particulars(assignment: Assignment, words: Words, zone: Zone): [string, string][] {
  const { details } = assignment;
  const { antenna, equipment, protection } = details ?? {};
  const unit = (value: number | null | undefined, unit: string) => (value == null ? null : `${Number(value.toFixed(2))} ${unit}`);
  const rows: [string, string | null | undefined][] = [
    [words.stationClass, details?.station_class],
    [words.power, unit(details?.power_dbm, "dBm")],
    [words.elevation, unit(details?.ground_elevation_m, "m")],
    [words.antenna, antenna?.model],
    [words.height, unit(antenna?.height_m, "m")],
    [words.gain, unit(antenna?.gain_dbi, "dBi")],
    [words.azimuth, unit(antenna?.azimuth_deg, "°")],
    [words.polarization, antenna?.polarization],
    [words.feederLoss, unit(antenna?.feeder_loss_db, "dB")],
    [words.equipment, equipment?.model],
    [words.approval, equipment?.approval],
    [words.sensitivity, unit(equipment?.sensitivity_dbm, "dBm")],
    [words.noiseFigure, unit(equipment?.noise_figure_db, "dB")],
    [words.protectionOverNoise, unit(protection?.i_n_db, "dB")],
    [words.protectionPower, unit(protection?.power_dbm, "dBm")],
    [words.protectionField, unit(protection?.field_dbuv_m, "dB(µV/m)")],
    [words.protectionTime, unit(protection?.time_percent, "%")],
    [words.precedence, details?.precedence && dateTime(details.precedence, zone).slice(0, 10)],
    [words.classification, details?.classification],
    [words.releasability, details?.releasability?.join(", ")],
    [words.note, details?.extensions?.note],
  ];
  return rows.filter((row): row is [string, string] => Boolean(row[1]));
}
