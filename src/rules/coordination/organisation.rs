//! Organisations: the offices that coordinate, the operators they serve, and the bodies that measure for them. What one is,
//! what is wrong with one, and which roles its people may have.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Fault, Side, request::Faults};
use crate::registry::Text;

/// Longest name in one language, characters.
const NAME_MAX: usize = 100;
/// Longest short code.
const CODE_MAX: usize = 32;
/// Longest line of a contact, characters.
const CONTACT_MAX: usize = 200;
/// Organisations above one, at most.
const DEPTH_MAX: usize = 8;

/// What an organisation is in coordination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrganisationKind {
    /// A civil radio administration: asks, and decides what the civil side is asked.
    Civil,
    /// A military spectrum office: asks, and decides what the military side is asked.
    Military,
    /// Uses frequencies: asks, and sees its own requests alone.
    Operator,
    /// Measures or keeps the installation for the offices; takes no part in requests.
    Service,
}

impl OrganisationKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Civil, Self::Military, Self::Operator, Self::Service];

    /// The name on the wire and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Civil => "civil",
            Self::Military => "military",
            Self::Operator => "operator",
            Self::Service => "service",
        }
    }

    /// The side for which offices of this kind decide; none for those who are no office.
    #[must_use]
    pub fn office_of(self) -> Option<Side> {
        match self {
            Self::Civil => Some(Side::Civil),
            Self::Military => Some(Side::Military),
            Self::Operator | Self::Service => None,
        }
    }
}

/// How far it reaches: the administrative divisions of the Regulations on Radio Management.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrganisationLevel {
    /// A county or district (县、区).
    District,
    /// A city divided into districts (设区的市).
    City,
    /// A province, autonomous region or municipality (省、自治区、直辖市).
    Province,
}

/// Whom to ask there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = OrganisationContact)]
pub struct Contact {
    /// Who, or which desk.
    #[schema(max_length = 200)]
    pub person: String,
    /// Telephone, such as `+86 27 1234 5678`.
    #[schema(max_length = 200)]
    pub phone: String,
    /// E-mail address.
    #[schema(max_length = 200)]
    pub email: String,
    /// Postal address.
    #[schema(max_length = 200)]
    pub address: String,
}

/// What is written about an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganisationProfile)]
pub struct Profile {
    /// What it is called; one language will do.
    pub name: Text,
    /// Short code, unique: `A-Z`, `0-9`, `-`.
    #[schema(min_length = 2, max_length = 32, pattern = "^[A-Z0-9]+(-[A-Z0-9]+)*$")]
    pub code: String,
    /// What it is.
    pub kind: OrganisationKind,
    /// How far it reaches; null where that means nothing, as for an operator.
    #[serde(default)]
    pub level: Option<OrganisationLevel>,
    /// Id of the organisation above it, of the same kind.
    #[serde(default)]
    pub parent: Option<String>,
    /// Whom to ask there.
    #[serde(default)]
    pub contact: Contact,
}

/// An organisation as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Public key.
    pub id: String,
    /// What is written about it.
    pub profile: Profile,
    /// Its people may log in.
    pub active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Grows with every change.
    pub version: u64,
}

/// Key of the organisation that accounts and requests of a side have had since before there were others.
#[must_use]
pub fn default_of(side: Side) -> &'static str {
    match side {
        Side::Civil => "civil",
        Side::Military => "military",
    }
}

impl Profile {
    /// What is wrong with it, among these others; empty: nothing. `id` is its own key.
    #[must_use]
    pub fn faults(&self, id: &str, others: &[Organisation]) -> Vec<Fault> {
        let mut faults = Faults::default();
        self.check_texts(&mut faults);
        let taken = others
            .iter()
            .find(|other| other.id != id && other.profile.code == self.code);
        if let Some(other) = taken {
            let name = &other.profile.name;
            faults.unless(
                false,
                "code",
                &format!("代码已被“{}”使用", name.zh),
                &format!("{} has this code: choose another", name.en),
            );
        }
        if let Some(parent) = &self.parent {
            self.check_parent(id, parent, others, &mut faults);
        }
        let below = others.iter().any(|other| other.profile.parent.as_deref() == Some(id));
        let kept = others
            .iter()
            .find(|other| other.id == id)
            .is_none_or(|known| known.profile.kind == self.kind);
        faults.unless(
            kept || !below,
            "kind",
            "其下级单位与此类别不同：请先调整下级单位",
            "organisations below it are of another kind: move them first",
        );
        faults.0
    }

    fn check_texts(&self, faults: &mut Faults) {
        let printable = |text: &str, most: usize| text.chars().count() <= most && !text.chars().any(char::is_control);
        let named = !(self.name.zh.trim().is_empty() && self.name.en.trim().is_empty());
        faults.unless(
            named && printable(&self.name.zh, NAME_MAX) && printable(&self.name.en, NAME_MAX),
            "name",
            &format!("请填写中文或英文名称，最多 {NAME_MAX} 字"),
            &format!("write a name in Chinese or English, up to {NAME_MAX} characters"),
        );
        let part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        faults.unless(
            (2..=CODE_MAX).contains(&self.code.len()) && self.code.split('-').all(part),
            "code",
            &format!("代码为 2 至 {CODE_MAX} 个大写字母、数字或连字符，例如 HB-WH"),
            &format!("write a code of 2 to {CODE_MAX} capital letters, digits and hyphens, such as HB-WH"),
        );
        let Contact {
            person,
            phone,
            email,
            address,
        } = &self.contact;
        faults.unless(
            [person, phone, email, address]
                .iter()
                .all(|text| printable(text, CONTACT_MAX)),
            "contact",
            &format!("联系方式每项最多 {CONTACT_MAX} 字，不含控制字符"),
            &format!("write up to {CONTACT_MAX} characters a line of the contact, without control characters"),
        );
        let (name, host) = email.split_once('@').unwrap_or_default();
        faults.unless(
            email.is_empty() || (!name.is_empty() && host.contains('.') && !email.contains(char::is_whitespace)),
            "contact.email",
            "请填写如 desk@example.org 的邮箱，或留空",
            "write an address such as desk@example.org, or leave it empty",
        );
        faults.unless(
            phone.chars().all(|c| c.is_ascii_digit() || " +-()/".contains(c)),
            "contact.phone",
            "电话只含数字、空格和 + - ( ) /",
            "write a telephone number of digits, spaces and + - ( ) /",
        );
    }

    fn check_parent(&self, id: &str, parent: &str, others: &[Organisation], faults: &mut Faults) {
        let find = |key: &str| others.iter().find(|other| other.id == key);
        let Some(above) = find(parent) else {
            return faults.unless(
                false,
                "parent",
                "没有此上级单位：请从列表中选择",
                "there is no such organisation: choose one of the list",
            );
        };
        let mut next = Some(parent.to_owned());
        let mut steps = 0;
        while let Some(key) = next.filter(|_| steps <= DEPTH_MAX) {
            if key == id {
                steps = DEPTH_MAX;
            }
            steps += 1;
            next = find(&key).and_then(|known| known.profile.parent.clone());
        }
        // Whoever is above itself is of no higher level either; one fault says enough.
        if steps > DEPTH_MAX {
            return faults.unless(
                false,
                "parent",
                "上下级关系成环或层级过多",
                "it would be above itself, or too many stand above it: choose another",
            );
        }
        faults.unless(
            above.profile.kind == self.kind,
            "parent",
            "上级单位应为同一类别",
            "the organisation above it is of another kind: choose one of the same kind",
        );
        let levels = self.level.zip(above.profile.level);
        faults.unless(
            levels.is_none_or(|(own, above)| own < above),
            "parent",
            "上级单位的级别应高于本单位",
            "the organisation above it must be of a higher level",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organisation(
        id: &str,
        kind: OrganisationKind,
        level: Option<OrganisationLevel>,
        parent: Option<&str>,
    ) -> Organisation {
        Organisation {
            id: id.to_owned(),
            profile: Profile {
                name: Text::new("某办公室", "An office"),
                code: id.to_uppercase(),
                kind,
                level,
                parent: parent.map(str::to_owned),
                contact: Contact::default(),
            },
            active: true,
            created_at: Timestamp::UNIX_EPOCH,
            version: 1,
        }
    }

    fn fields(profile: &Profile, id: &str, others: &[Organisation]) -> Vec<&'static str> {
        profile.faults(id, others).iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn faults_name_the_field() {
        use OrganisationKind::{Civil, Military};
        use OrganisationLevel::{City, Province};
        let province = organisation("hb", Civil, Some(Province), None);
        let city = organisation("wh", Civil, Some(City), Some("hb"));
        let others = [
            province.clone(),
            city.clone(),
            organisation("mil", Military, None, None),
        ];
        assert_eq!(fields(&city.profile, "wh", &others), [""; 0]);
        let wrong = |field: &str, change: fn(&mut Profile)| {
            let mut profile = city.profile.clone();
            change(&mut profile);
            assert_eq!(fields(&profile, "wh", &others), [field], "{profile:?}");
        };
        wrong("name", |profile| profile.name = Text::new(" ", ""));
        wrong("name", |profile| profile.name.zh = "武".repeat(101));
        wrong("code", |profile| profile.code = "w h".to_owned());
        wrong("code", |profile| profile.code = "WH-".to_owned());
        wrong("code", |profile| profile.code = "MIL".to_owned());
        wrong("parent", |profile| profile.parent = Some("nobody".to_owned()));
        wrong("parent", |profile| profile.parent = Some("wh".to_owned()));
        wrong("parent", |profile| profile.level = Some(Province));
        wrong("contact.email", |profile| profile.contact.email = "desk".to_owned());
        wrong("contact.phone", |profile| profile.contact.phone = "ask me".to_owned());
        wrong("contact", |profile| profile.contact.person = "a\nb".to_owned());
        let mut above = province.profile.clone();
        above.parent = Some("wh".to_owned());
        above.level = None;
        assert_eq!(fields(&above, "hb", &others), ["parent"], "a ring of two");
        let mut other = province.profile;
        other.kind = Military;
        assert_eq!(
            fields(&other, "hb", &others),
            ["kind"],
            "with one of another kind below"
        );
    }

    #[test]
    fn offices_are_of_one_side_and_nobody_else_is() {
        let sides = OrganisationKind::ALL.map(OrganisationKind::office_of);
        assert_eq!(sides, [Some(Side::Civil), Some(Side::Military), None, None]);
    }
}
