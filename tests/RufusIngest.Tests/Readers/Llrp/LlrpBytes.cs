using System.Buffers.Binary;
using System.Text;

namespace RufusIngest.Tests.Readers.Llrp;

/// <summary>Makes the bytes of LLRP messages and parameters.</summary>
static class LlrpBytes
{
    public const uint Impinj = 25882;
    public const uint Zebra = 161;
    public const uint Bluebird = 24213;

    public static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    /// <summary>Hex as the kit's Latin-1.</summary>
    public static string Latin(string hex) => Encoding.Latin1.GetString(Hex(hex));

    public static byte[] Message(int type, params byte[][] body) => Message(type, 77, 1, body);

    public static byte[] Message(int type, uint id, int version, params byte[][] body)
    {
        byte[] bytes = [.. new byte[10], .. body.SelectMany(part => part)];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)((version << 10) | type));
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(2), bytes.Length);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(6), id);
        return bytes;
    }

    public static byte[] Report(params byte[][] parameters) => Message(61, parameters);

    public static byte[] Tag(params byte[][] parameters) => Tlv(240, parameters);

    public static byte[] Tlv(int type, params byte[][] value)
    {
        byte[] bytes = [.. new byte[4], .. value.SelectMany(part => part)];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), (ushort)bytes.Length);
        return bytes;
    }

    public static byte[] Epc96(string hex) => [0x8D, .. Hex(hex)];

    public static byte[] Epc(int bits, string hex) => Tlv(241, U16(bits), Hex(hex));

    public static byte[] Antenna(int antenna) => [0x81, .. U16(antenna)];

    public static byte[] Rssi(int dbm) => [0x86, (byte)dbm];

    /// <summary>Type 2 first seen UTC, 3 first seen uptime, 4 and 5 last seen, in µs.</summary>
    public static byte[] Seen(int type, ulong microseconds) => [(byte)(0x80 + type), .. U64(microseconds)];

    public static byte[] Custom(uint vendor, uint subtype, params byte[] value) =>
        Tlv(1023, U32(vendor), U32(subtype), value);

    public static byte[] U16(int value) => [(byte)(value >> 8), (byte)value];

    public static byte[] U32(uint value) => [.. U16((int)(value >> 16)), .. U16((int)value)];

    public static byte[] U64(ulong value) => [.. U32((uint)(value >> 32)), .. U32((uint)value)];
}
