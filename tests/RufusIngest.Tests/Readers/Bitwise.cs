using System.Text;

namespace RufusIngest.Tests.Readers;

/// <summary>CRCs a bit at a time, and frames as Latin-1 text of their bytes: for vectors of the tests' own.</summary>
static class Bitwise
{
    public static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    public static string Latin(params ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    /// <summary>Highest bit first.</summary>
    public static int Crc(IEnumerable<byte> bytes, int polynomial, int start)
    {
        int register = start;
        foreach (byte b in bytes)
        {
            register ^= b << 8;
            for (int bit = 0; bit < 8; bit++)
                register = ((register << 1) ^ ((register & 0x8000) != 0 ? polynomial : 0)) & 0xFFFF;
        }

        return register;
    }

    /// <summary>Lowest bit first, polynomial 0x8408, from 0xFFFF; low byte and high byte.</summary>
    public static byte[] ReflectedCrc(IEnumerable<byte> bytes)
    {
        int register = 0xFFFF;
        foreach (byte b in bytes)
        {
            register ^= b;
            for (int bit = 0; bit < 8; bit++)
                register = (register >> 1) ^ ((register & 1) != 0 ? 0x8408 : 0);
        }

        return [(byte)register, (byte)(register >> 8)];
    }
}
