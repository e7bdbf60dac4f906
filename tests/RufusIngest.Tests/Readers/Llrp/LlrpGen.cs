using CsCheck;
using static RufusIngest.Tests.Readers.Llrp.LlrpBytes;

namespace RufusIngest.Tests.Readers.Llrp;

/// <summary>Messages with any parameters in any order, some of them damaged.</summary>
static class LlrpGen
{
    static readonly int[] TvBytes = [0, 2, 8, 8, 8, 8, 1, 2, 2, 4, 2, 2, 2, 12, 2, 2, 4, 2, 4, 2, 2];

    static Gen<byte[]> Bytes(int length) => Gen.Byte.Array[length];

    static readonly Gen<byte[]> Tv = Gen.Int[1, 20].SelectMany(
        type => Bytes(TvBytes[type]).Select(value => (byte[])[(byte)(0x80 + type), .. value]));

    static readonly Gen<byte[]> Time = Gen.Select(
        Gen.Int[2, 5],
        Gen.OneOf(
            Gen.ULong[1_700_000_000_000_000, 1_800_000_000_000_000],
            Gen.ULong[946_000_000_000_000, 979_000_000_000_000],
            Gen.ULong[0, 1_000]),
        Seen);

    static readonly Gen<byte[]> EpcData = Gen.Select(
        Gen.Int[0, 33].SelectMany(Bytes), Gen.Int[-9, 20],
        (bytes, lack) => Epc(Math.Max(0, (bytes.Length * 8) - lack), Convert.ToHexString(bytes)));

    static readonly (uint Vendor, uint Subtype)[] Keys =
    [
        (Impinj, 55), (Impinj, 56), (Impinj, 57), (Impinj, 58), (Impinj, 68), (Zebra, 709), (Zebra, 1000),
        (Bluebird, 0x38), (1, 2),
    ];

    static readonly Gen<byte[]> Customs = Gen.Select(
        Gen.Int[0, Keys.Length - 1], Gen.Int[0, 10].SelectMany(Bytes),
        (key, value) => Custom(Keys[key].Vendor, Keys[key].Subtype, value));

    static readonly Gen<byte[]> Position = Gen.Select(
        Gen.Int[-91_000_000, 91_000_000], Gen.Int[-181_000_000, 181_000_000],
        (latitude, longitude) => Custom(Impinj, 58, [.. U32((uint)latitude), .. U32((uint)longitude)]));

    static readonly Gen<byte[]> OtherTlv = Gen.Select(
        Gen.Int[0, 0x7FFF].Where(type => (type & 0x3FF) is not (240 or 241)), Gen.Int[0, 12].SelectMany(Bytes),
        (type, value) => Tlv(type, value));

    static readonly Gen<byte[]> Damage = Gen.OneOf(
        Gen.Byte[0x95, 0xFF].Select(type => (byte[])[type, 1, 2]),
        Gen.Const((byte[])[0x80]),
        Gen.Int[0, 3].Select(length => (byte[])[3, 0xFF, 0, (byte)length]),
        Gen.Int[20, 2000].Select(length => (byte[])[3, 0xFF, .. U16(length)]),
        Gen.Int[1, 12].SelectMany(length => Tv.Select(tv => tv[..Math.Min(length, tv.Length)])));

    static readonly Gen<byte[]> Parameter = Gen.Frequency(
        (6, Tv), (3, Time), (2, Customs), (1, Position), (1, OtherTlv), (1, EpcData));

    static readonly Gen<byte[]> Tag = Gen.Select(
        Gen.OneOf(Bytes(12).Select(epc => (byte[])[0x8D, .. epc]), EpcData, Gen.Const(Array.Empty<byte>())),
        Parameter.Array[0, 8], Gen.Int[0, 8],
        Gen.Frequency((6, Gen.Const(Array.Empty<byte>())), (1, Damage)), Gen.Int[0, 9],
        (epc, parameters, at, damage, damageAt) =>
        {
            List<byte[]> all = [.. parameters];
            all.Insert(Math.Min(at, all.Count), epc);
            all.Insert(Math.Min(damageAt, all.Count), damage);
            return LlrpBytes.Tag([.. all]);
        });

    static readonly Gen<byte[]> Report = Gen.Select(
        Gen.Frequency((6, Tag), (1, OtherTlv), (1, Customs), (1, Tv)).Array[0, 5],
        Gen.Frequency((4, Gen.Const(Array.Empty<byte>())), (1, Damage)),
        (parameters, damage) => Message(61, [.. parameters, damage]));

    static readonly Gen<byte[]> Other = Gen.Select(
        Gen.Int[0, 1023].Where(type => type is not (61 or 63)), Gen.UInt, Gen.Int[0, 63],
        Gen.Int[0, 20].SelectMany(Bytes),
        (type, id, version, body) => Message(type, id, version, body));

    public static readonly Gen<byte[][]> Stream = Gen.Frequency((4, Report), (1, Other)).Array[1, 6];
}
