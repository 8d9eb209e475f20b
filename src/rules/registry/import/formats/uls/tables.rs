//! Columns of the ULS tables, by the public access definitions `pa_ddef49` of the FCC.

/// Licence.
pub(super) const HD: &str = "record_type unique_system_identifier uls_file_number ebf_number call_sign license_status \
    radio_service_code grant_date expired_date cancellation_date eligibility_rule_num applicant_type_code_reserved \
    alien alien_government alien_corporation alien_officer alien_control revoked convicted adjudged involved_reserved \
    common_carrier non_common_carrier private_comm fixed mobile radiolocation satellite developmental_or_sta \
    interconnected_service certifier_first_name certifier_mi certifier_last_name certifier_suffix certifier_title \
    gender african_american native_american hawaiian asian white ethnicity effective_date last_action_date auction_id \
    reg_stat_broad_serv band_manager type_serv_broad_serv alien_ruling licensee_name_change whitespace_ind \
    additional_cert_choice additional_cert_answer discontinuation_ind regulatory_compliance_ind";

/// Entity: licensee and contacts.
pub(super) const EN: &str = "record_type unique_system_identifier uls_file_number ebf_number call_sign entity_type \
    licensee_id entity_name first_name mi last_name suffix phone fax email street_address city state zip_code po_box \
    attention_line sgin frn applicant_type_code applicant_type_other status_code status_date";

/// Location.
pub(super) const LO: &str = "record_type unique_system_identifier uls_file_number ebf_number call_sign \
    location_action_performed location_type_code location_class_code location_number site_status \
    corresponding_fixed_location location_address location_city location_county location_state radius_of_operation \
    area_of_operation_code clearance_indicator ground_elevation lat_degrees lat_minutes lat_seconds lat_direction \
    long_degrees long_minutes long_seconds long_direction max_lat_degrees max_lat_minutes max_lat_seconds \
    max_lat_direction max_long_degrees max_long_minutes max_long_seconds max_long_direction nepa \
    quiet_zone_notification_date tower_registration_number height_of_support_structure overall_height_of_structure \
    structure_type airport_id location_name units_hand_held units_mobile units_temp_fixed units_aircraft \
    units_itinerant status_code status_date earth_agree";

/// Frequency.
pub(super) const FR: &str = "record_type unique_system_identifier uls_file_number ebf_number call_sign \
    frequency_action_performed location_number antenna_number class_station_code op_altitude_code frequency_assigned \
    frequency_upper_band frequency_carrier time_begin_operations time_end_operations power_output power_erp tolerance \
    frequency_ind status eirp transmitter_make transmitter_model auto_transmitter_power_control cnt_mobile_units \
    cnt_mob_pagers freq_seq_id status_code status_date date_first_used";

/// Emission.
pub(super) const EM: &str = "record_type unique_system_identifier uls_file_number ebf_number call_sign \
    location_number antenna_number frequency_assigned emission_action_performed emission_code digital_mod_rate \
    digital_mod_type frequency_number status_code status_date emission_sequence_id";

/// Antenna.
pub(super) const AN: &str = "record_type unique_system_identifier uls_file_number ebf_number call_sign \
    antenna_action_performed antenna_number location_number receive_zone_code antenna_type_code height_to_tip \
    height_to_center_raat antenna_make antenna_model tilt polarization_code beamwidth gain azimuth \
    height_above_avg_terrain diversity_height diversity_gain diversity_beam reflector_height reflector_width \
    reflector_separation repeater_seq_num back_to_back_tx_dish_gain back_to_back_rx_dish_gain location_name \
    passive_repeater_id alternative_cgsa_method path_number line_loss status_code status_date";

/// Path of a point-to-point link.
pub(super) const PA: &str = "record_type unique_system_identifier uls_file_number ebf_number callsign \
    path_action_performed path_number transmit_location_number transmit_antenna_number receiver_location_number \
    receiver_antenna_number mas_dems_subtype path_type_desc passive_receiver_indicator country_code \
    interference_to_gso receiver_callsign angular_sep cert_no_alternative cert_no_interference status_code status_date";
