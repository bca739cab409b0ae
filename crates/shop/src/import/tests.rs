use super::*;
use crate::testing::TestShop;
use crate::{fetch_one, on_both_databases};
