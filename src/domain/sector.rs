//! Sectors: the eleven of GICS, and which of them a SIC code most likely means.
//!
//! GICS is assigned company by company by its owners; no table from SIC exists. This one is our own reading of what the codes
//! describe, for those who have no sector file. The codes are those of the SEC's list (sec.gov, "Standard Industrial
//! Classification (SIC) Code List"), which follows the SIC Manual of 1987 (US Office of Management and Budget). Known to be
//! rough: a code covers companies of several sectors (7370 holds search engines and data centres, 6798 owners of buildings and
//! of mortgages), and a company keeps the code under which it first filed.

use Sector::{
    CommunicationServices, ConsumerDiscretionary, ConsumerStaples, Energy, Financials, HealthCare,
    Industrials, InformationTechnology, Materials, RealEstate, Utilities,
};

/// A GICS sector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sector {
    /// Telephone, media, entertainment, search and social networks.
    CommunicationServices,
    /// Cars, homes, clothes, hotels, restaurants and most shops.
    ConsumerDiscretionary,
    /// Food, drink, tobacco, household goods and the shops for them.
    ConsumerStaples,
    /// Oil, gas, coal, and their equipment and pipelines.
    Energy,
    /// Banks, brokers and insurers.
    Financials,
    /// Drugs, devices, care and its insurers.
    HealthCare,
    /// Machines, aircraft, transport, construction and services to companies.
    Industrials,
    /// Software, computers, semiconductors and electronic parts.
    InformationTechnology,
    /// Chemicals, metals, paper, packaging and building materials.
    Materials,
    /// Owners and managers of real estate.
    RealEstate,
    /// Electricity, gas and water.
    Utilities,
}

impl Sector {
    /// All, by name.
    pub const ALL: [Self; 11] = [
        CommunicationServices,
        ConsumerDiscretionary,
        ConsumerStaples,
        Energy,
        Financials,
        HealthCare,
        Industrials,
        InformationTechnology,
        Materials,
        RealEstate,
        Utilities,
    ];

    /// Its name as GICS writes it.
    pub fn name(self) -> &'static str {
        match self {
            CommunicationServices => "Communication Services",
            ConsumerDiscretionary => "Consumer Discretionary",
            ConsumerStaples => "Consumer Staples",
            Energy => "Energy",
            Financials => "Financials",
            HealthCare => "Health Care",
            Industrials => "Industrials",
            InformationTechnology => "Information Technology",
            Materials => "Materials",
            RealEstate => "Real Estate",
            Utilities => "Utilities",
        }
    }

    /// The sector of this name, whatever its case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sector| sector.name().eq_ignore_ascii_case(name.trim()))
    }

    /// The sector that a SIC code most likely means; none where the code says nothing of a business, or is none.
    pub fn of_sic(code: &str) -> Option<Self> {
        let code = code.trim();
        let number: u16 = code.parse().ok().filter(|_| code.len() <= 4)?;
        SIC.iter().find(|(first, last, _)| (*first..=*last).contains(&number)).map(|(.., sector)| *sector)
    }
}

/// First code, last code, sector. The first line that holds a code counts: exceptions stand before the rule.
#[rustfmt::skip]
const SIC: [(u16, u16, Sector); 105] = [
    // Agriculture and mining
    (800, 899, Materials), (100, 999, ConsumerStaples),
    (1200, 1399, Energy), (1000, 1499, Materials),
    // Construction: homes, then everything else
    (1520, 1539, ConsumerDiscretionary), (1500, 1799, Industrials),
    // Manufacturing
    (2000, 2199, ConsumerStaples), (2200, 2399, ConsumerDiscretionary),
    (2430, 2439, Industrials), (2450, 2459, ConsumerDiscretionary), (2400, 2499, Materials),
    (2520, 2549, Industrials), (2500, 2599, ConsumerDiscretionary),
    (2600, 2699, Materials),
    (2700, 2749, CommunicationServices), (2750, 2799, Industrials),
    (2833, 2836, HealthCare), (2840, 2844, ConsumerStaples), (2800, 2899, Materials),
    (2950, 2959, Materials), (2900, 2999, Energy),
    (3000, 3039, ConsumerDiscretionary), (3040, 3059, Industrials), (3060, 3099, Materials),
    (3100, 3199, ConsumerDiscretionary),
    (3200, 3399, Materials),
    (3410, 3419, Materials), (3400, 3499, Industrials),
    (3533, 3533, Energy), (3559, 3559, InformationTechnology), (3570, 3578, InformationTechnology),
    (3500, 3599, Industrials),
    (3630, 3639, ConsumerDiscretionary), (3651, 3651, ConsumerDiscretionary),
    (3652, 3652, CommunicationServices), (3660, 3679, InformationTechnology),
    (3695, 3695, InformationTechnology), (3600, 3699, Industrials),
    (3711, 3711, ConsumerDiscretionary), (3714, 3714, ConsumerDiscretionary),
    (3716, 3716, ConsumerDiscretionary), (3751, 3751, ConsumerDiscretionary),
    (3790, 3799, ConsumerDiscretionary), (3700, 3799, Industrials),
    (3821, 3821, HealthCare), (3826, 3826, HealthCare), (3840, 3859, HealthCare),
    (3823, 3829, InformationTechnology), (3860, 3869, InformationTechnology),
    (3870, 3879, ConsumerDiscretionary), (3800, 3899, Industrials),
    (3950, 3959, Industrials), (3990, 3999, Industrials), (3900, 3999, ConsumerDiscretionary),
    // Transport, communication, utilities
    (4400, 4400, ConsumerDiscretionary), (4600, 4699, Energy), (4700, 4729, ConsumerDiscretionary),
    (4000, 4799, Industrials), (4800, 4899, CommunicationServices),
    (4922, 4923, Energy), (4950, 4959, Industrials), (4900, 4999, Utilities),
    // Wholesale
    (5010, 5029, ConsumerDiscretionary), (5045, 5045, InformationTechnology), (5047, 5047, HealthCare),
    (5050, 5052, Materials), (5064, 5064, ConsumerDiscretionary), (5065, 5065, InformationTechnology),
    (5090, 5099, ConsumerDiscretionary), (5000, 5099, Industrials),
    (5110, 5119, Materials), (5122, 5122, HealthCare), (5130, 5139, ConsumerDiscretionary),
    (5160, 5169, Materials), (5170, 5179, Energy), (5100, 5199, ConsumerStaples),
    // Retail: variety stores, food and drugs, then everything else
    (5331, 5331, ConsumerStaples), (5400, 5499, ConsumerStaples), (5912, 5912, ConsumerStaples),
    (5200, 5999, ConsumerDiscretionary),
    // Finance and real estate
    (6324, 6324, HealthCare), (6000, 6499, Financials), (6500, 6599, RealEstate),
    (6792, 6792, Energy), (6795, 6795, Materials), (6798, 6798, RealEstate),
    (6700, 6793, Financials), (6796, 6799, Financials),
    // Services
    (7000, 7299, ConsumerDiscretionary), (7310, 7319, CommunicationServices),
    (7331, 7331, CommunicationServices), (7370, 7370, CommunicationServices),
    (7371, 7379, InformationTechnology), (7300, 7399, Industrials),
    (7510, 7519, Industrials), (7500, 7599, ConsumerDiscretionary), (7600, 7699, Industrials),
    (7800, 7899, CommunicationServices), (7900, 7999, ConsumerDiscretionary),
    (8000, 8099, HealthCare), (8100, 8199, Industrials), (8200, 8399, ConsumerDiscretionary),
    (8731, 8731, HealthCare), (8600, 8799, Industrials), (8900, 8999, Industrials),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes under which these companies file with the SEC.
    #[test]
    fn well_known_companies_get_their_sector() {
        for (company, code, sector) in [
            ("Apple", "3571", InformationTechnology),
            ("Microsoft", "7372", InformationTechnology),
            ("NVIDIA", "3674", InformationTechnology),
            ("Alphabet", "7370", CommunicationServices),
            ("Verizon", "4813", CommunicationServices),
            ("Netflix", "7841", CommunicationServices),
            ("Amazon", "5961", ConsumerDiscretionary),
            ("Ford", "3711", ConsumerDiscretionary),
            ("McDonald's", "5812", ConsumerDiscretionary),
            ("Walmart", "5331", ConsumerStaples),
            ("Coca-Cola", "2086", ConsumerStaples),
            ("Procter & Gamble", "2840", ConsumerStaples),
            ("Exxon Mobil", "2911", Energy),
            ("Schlumberger", "1389", Energy),
            ("JPMorgan Chase", "6021", Financials),
            ("Progressive", "6331", Financials),
            ("Pfizer", "2834", HealthCare),
            ("UnitedHealth", "6324", HealthCare),
            ("Medtronic", "3845", HealthCare),
            ("Boeing", "3721", Industrials),
            ("Union Pacific", "4011", Industrials),
            ("Waste Management", "4953", Industrials),
            ("Dow", "2821", Materials),
            ("Newmont", "1040", Materials),
            ("Prologis", "6798", RealEstate),
            ("Duke Energy", "4931", Utilities),
        ] {
            assert_eq!(Sector::of_sic(code), Some(sector), "{company}");
        }
    }

    #[test]
    fn a_code_of_no_business_has_no_sector() {
        for code in ["", "abc", "0", "8888", "9995", "6794", "99999", "-1", "13 11"] {
            assert_eq!(Sector::of_sic(code), None, "{code}");
        }
        assert_eq!(Sector::of_sic(" 0100 "), Some(ConsumerStaples));
    }

    #[test]
    fn every_line_can_be_reached() {
        for (at, (first, last, _)) in SIC.iter().enumerate() {
            assert!(first <= last);
            let reached = (*first..=*last)
                .any(|code| !SIC[..at].iter().any(|(first, last, _)| (*first..=*last).contains(&code)));
            assert!(reached, "{first}-{last}");
        }
    }

    #[test]
    fn a_name_is_known_in_any_case_and_no_other_name_is() {
        for sector in Sector::ALL {
            assert_eq!(Sector::named(&sector.name().to_uppercase()), Some(sector));
        }
        assert!(Sector::ALL.map(Sector::name).is_sorted());
        assert_eq!(Sector::named(" Health Care "), Some(HealthCare));
        for other in ["", "Healthcare", "Technology", "Consumer"] {
            assert_eq!(Sector::named(other), None);
        }
    }
}
