namespace RufusIngest.Readers.Framing;

/// <summary>Checks over the bytes of a frame that more than one protocol has.</summary>
static class Checksum
{
    const ushort Polynomial = 0x1021;

    static readonly ushort[] AmbTable = CreateAmbTable();

    /// <summary>The sum of the bytes.</summary>
    public static int Sum(ReadOnlySpan<byte> bytes)
    {
        int sum = 0;
        foreach (byte b in bytes)
            sum += b;
        return sum;
    }

    /// <summary>
    /// The 16-bit CRC of AMB decoders. It is none of the usual CCITT ones, though it has their polynomial: each byte is
    /// put into the low end of the register, which the table is not asked with, and no zero bytes follow the last.
    /// </summary>
    /// <param name="bytes">The bytes, or some of them.</param>
    /// <param name="register">What came out of the bytes before these.</param>
    public static ushort Amb(ReadOnlySpan<byte> bytes, ushort register = 0xFFFF)
    {
        foreach (byte b in bytes)
            register = (ushort)(AmbTable[register >> 8] ^ (register << 8) ^ b);
        return register;
    }

    static ushort[] CreateAmbTable()
    {
        ushort[] table = new ushort[256];
        for (int high = 0; high < table.Length; high++)
        {
            int register = high << 8;
            for (int bit = 0; bit < 8; bit++)
                register = (register & 0x8000) != 0 ? (register << 1) ^ Polynomial : register << 1;
            table[high] = (ushort)register;
        }

        return table;
    }
}
