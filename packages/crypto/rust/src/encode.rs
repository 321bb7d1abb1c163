//! The writer for the one value that OpenMLS rewrites with every message: its message secrets.
//!
//! It writes MessagePack that rmp-serde reads. Two things are its own: a sequence of bytes costs one push a
//! byte, and the member list of a past epoch, which never changes, is not walked again once it is stored: in a
//! group of 1,000 each of these lists has more than a megabyte.

use serde::ser::{self, Serialize};

use crate::storage::StorageError;

/// A stretch of the encoded value. All of them in order are the whole.
pub enum Segment {
    Plain(Vec<u8>),
    /// The member list of a past epoch; without bytes when it is stored already.
    Leaves(u64, Option<Vec<u8>>),
}

impl Segment {
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Segment::Plain(bytes) | Segment::Leaves(_, Some(bytes)) => Some(bytes),
            Segment::Leaves(_, None) => None,
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Slot {
    Value,
    /// The first element of a sequence of this length, whose kind shows only now.
    First(usize),
    Byte,
}

pub struct Encoder<'k> {
    out: Vec<u8>,
    segments: Vec<Segment>,
    slot: Slot,
    number: u64,
    is_stored: &'k dyn Fn(u64) -> bool,
}

type Outcome = Result<(), StorageError>;

impl ser::Error for StorageError {
    fn custom<T: core::fmt::Display>(_: T) -> Self {
        StorageError::Encode
    }
}

/// `is_stored`: whether the member list of a past epoch is in the store, so that its bytes are not needed.
pub fn encode_in_segments<T: Serialize + ?Sized>(
    value: &T,
    is_stored: &dyn Fn(u64) -> bool,
) -> Result<Vec<Segment>, StorageError> {
    let mut encoder = Encoder { out: Vec::new(), segments: Vec::new(), slot: Slot::Value, number: 0, is_stored };
    value.serialize(&mut encoder)?;
    encoder.cut();
    Ok(encoder.segments)
}

impl Encoder<'_> {
    fn cut(&mut self) {
        let bytes = core::mem::take(&mut self.out);
        self.segments.push(Segment::Plain(bytes));
    }

    fn head(&mut self, marker: u8, length: usize) {
        self.out.push(marker);
        self.out.extend_from_slice(&(length as u32).to_be_bytes());
    }

    fn array(&mut self, length: usize) {
        match length {
            0..=15 => self.out.push(0x90 | length as u8),
            _ => self.head(0xdd, length),
        }
    }

    /// Everything that is no byte comes through here first: a sequence of it is an array.
    fn begin(&mut self) {
        if let Slot::First(length) = self.slot {
            self.array(length);
        }
        self.slot = Slot::Value;
    }

    fn unsigned(&mut self, value: u64) {
        self.begin();
        self.number = value;
        match value {
            0..=0x7f => self.out.push(value as u8),
            _ => {
                self.out.push(0xcf);
                self.out.extend_from_slice(&value.to_be_bytes());
            }
        }
    }

    fn text(&mut self, value: &str) {
        self.begin();
        self.head(0xdb, value.len());
        self.out.extend_from_slice(value.as_bytes());
    }

    /// `{variant: …}`
    fn variant(&mut self, name: &str) {
        self.begin();
        self.out.push(0x81);
        self.text(name);
    }

    fn leaves<T: Serialize + ?Sized>(&mut self, epoch: u64, leaves: &T) -> Outcome {
        self.cut();
        if (self.is_stored)(epoch) {
            self.segments.push(Segment::Leaves(epoch, None));
            return Ok(());
        }
        leaves.serialize(&mut *self)?;
        let bytes = core::mem::take(&mut self.out);
        self.segments.push(Segment::Leaves(epoch, Some(bytes)));
        Ok(())
    }
}

/// A sequence, a tuple or the fields of a struct.
pub struct Compound<'e, 'k> {
    encoder: &'e mut Encoder<'k>,
    /// What the next element may be.
    slot: Slot,
    /// Set inside of a past epoch: its number.
    epoch: Option<u64>,
}

impl Compound<'_, '_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome {
        self.encoder.slot = self.slot;
        value.serialize(&mut *self.encoder)?;
        if matches!(self.slot, Slot::First(_)) {
            self.slot = if self.encoder.slot == Slot::Byte { Slot::Byte } else { Slot::Value };
        }
        self.encoder.slot = Slot::Value;
        Ok(())
    }
}

macro_rules! compound {
    ($($kind:ident $method:ident)*) => {$(
        impl ser::$kind for Compound<'_, '_> {
            type Ok = ();
            type Error = StorageError;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome {
                self.element(value)
            }
            fn end(self) -> Outcome {
                Ok(())
            }
        }
    )*};
}
compound! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

impl ser::SerializeStruct for Compound<'_, '_> {
    type Ok = ();
    type Error = StorageError;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Outcome {
        match (self.epoch, name) {
            (Some(epoch), "leaves") => self.encoder.leaves(epoch, value),
            (Some(_), "epoch") => {
                self.element(value)?;
                self.epoch = Some(self.encoder.number);
                Ok(())
            }
            _ => self.element(value),
        }
    }
    fn end(self) -> Outcome {
        Ok(())
    }
}

impl ser::SerializeStructVariant for Compound<'_, '_> {
    type Ok = ();
    type Error = StorageError;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, value: &T) -> Outcome {
        self.element(value)
    }
    fn end(self) -> Outcome {
        Ok(())
    }
}

impl ser::SerializeMap for Compound<'_, '_> {
    type Ok = ();
    type Error = StorageError;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Outcome {
        self.element(key)
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome {
        self.element(value)
    }
    fn end(self) -> Outcome {
        Ok(())
    }
}

macro_rules! numbers {
    ($($method:ident $kind:ty)*) => {$(
        fn $method(self, value: $kind) -> Outcome {
            self.unsigned(u64::from(value));
            Ok(())
        }
    )*};
}

macro_rules! refused {
    ($($method:ident $kind:ty)*) => {$(
        /// Nothing that OpenMLS stores here has one.
        fn $method(self, _: $kind) -> Outcome {
            Err(StorageError::Encode)
        }
    )*};
}

impl<'e, 'k> ser::Serializer for &'e mut Encoder<'k> {
    type Ok = ();
    type Error = StorageError;
    type SerializeSeq = Compound<'e, 'k>;
    type SerializeTuple = Compound<'e, 'k>;
    type SerializeTupleStruct = Compound<'e, 'k>;
    type SerializeTupleVariant = Compound<'e, 'k>;
    type SerializeMap = Compound<'e, 'k>;
    type SerializeStruct = Compound<'e, 'k>;
    type SerializeStructVariant = Compound<'e, 'k>;

    numbers! { serialize_u16 u16 serialize_u32 u32 serialize_u64 u64 }
    refused! { serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_f32 f32 serialize_f64 f64 serialize_char char }

    fn serialize_u8(self, value: u8) -> Outcome {
        match self.slot {
            Slot::Value => self.unsigned(u64::from(value)),
            Slot::First(length) => {
                self.head(0xc6, length);
                self.out.push(value);
                self.slot = Slot::Byte;
            }
            Slot::Byte => self.out.push(value),
        }
        Ok(())
    }
    fn serialize_i64(self, value: i64) -> Outcome {
        self.begin();
        self.out.push(0xd3);
        self.out.extend_from_slice(&value.to_be_bytes());
        Ok(())
    }
    fn serialize_bool(self, value: bool) -> Outcome {
        self.begin();
        self.out.push(if value { 0xc3 } else { 0xc2 });
        Ok(())
    }
    fn serialize_str(self, value: &str) -> Outcome {
        self.text(value);
        Ok(())
    }
    fn serialize_bytes(self, value: &[u8]) -> Outcome {
        self.begin();
        self.head(0xc6, value.len());
        self.out.extend_from_slice(value);
        Ok(())
    }
    fn serialize_none(self) -> Outcome {
        self.serialize_unit()
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Outcome {
        self.begin();
        value.serialize(self)
    }
    fn serialize_unit(self) -> Outcome {
        self.begin();
        self.out.push(0xc0);
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Outcome {
        self.begin();
        self.array(0);
        Ok(())
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Outcome {
        self.text(variant);
        Ok(())
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Outcome {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self, _: &'static str, _: u32, variant: &'static str, value: &T,
    ) -> Outcome {
        self.variant(variant);
        value.serialize(self)
    }
    fn serialize_seq(self, length: Option<usize>) -> Result<Compound<'e, 'k>, StorageError> {
        let length = length.ok_or(StorageError::Encode)?;
        self.begin();
        if length == 0 {
            self.array(0);
        }
        Ok(Compound { encoder: self, slot: Slot::First(length), epoch: None })
    }
    fn serialize_tuple(self, length: usize) -> Result<Compound<'e, 'k>, StorageError> {
        self.begin();
        self.array(length);
        Ok(Compound { encoder: self, slot: Slot::Value, epoch: None })
    }
    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Compound<'e, 'k>, StorageError> {
        self.serialize_tuple(length)
    }
    fn serialize_tuple_variant(
        self, _: &'static str, _: u32, variant: &'static str, length: usize,
    ) -> Result<Compound<'e, 'k>, StorageError> {
        self.variant(variant);
        self.serialize_tuple(length)
    }
    fn serialize_map(self, length: Option<usize>) -> Result<Compound<'e, 'k>, StorageError> {
        let length = length.ok_or(StorageError::Encode)?;
        self.begin();
        self.head(0xdf, length);
        Ok(Compound { encoder: self, slot: Slot::Value, epoch: None })
    }
    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Compound<'e, 'k>, StorageError> {
        self.begin();
        self.array(length);
        let epoch = (name == "EpochTree").then_some(0);
        Ok(Compound { encoder: self, slot: Slot::Value, epoch })
    }
    fn serialize_struct_variant(
        self, _: &'static str, _: u32, variant: &'static str, length: usize,
    ) -> Result<Compound<'e, 'k>, StorageError> {
        self.variant(variant);
        self.serialize_tuple(length)
    }
}
