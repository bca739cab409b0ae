//! Whole guest checkouts over HTTP: add to cart, contact, delivery, payment, confirm, place.
