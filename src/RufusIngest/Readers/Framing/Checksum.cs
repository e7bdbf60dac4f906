using System.Buffers.Binary;

namespace RufusIngest.Readers.Framing;

/// <summary>Checks over the bytes of a frame that more than one protocol has, or that are easily taken for
/// another.</summary>
static class Checksum
{
    const int Ccitt = 0x1021;
    const int CcittReflected = 0x8408;
    const int Block = 8;

    // The first 256 entries are the usual table; each further 256 are those eight bits farther from the end.
    static readonly ushort[] CcittTables = CreateSlices(CreateTable(Ccitt), Block);
    static readonly ushort[] ReflectedTable = CreateReflectedTable();
    static readonly ushort[] BuypassTable = CreateTable(0x8005);

    /// <summary>The sum of the bytes.</summary>
    public static int Sum(ReadOnlySpan<byte> bytes)
    {
        int sum = 0;
        foreach (byte b in bytes)
            sum += b;
        return sum;
    }

    /// <summary>
    /// The 16-bit CRC of AMB decoders and Mercury modules. It is none of the usual CCITT ones, though it has their
    /// polynomial: each byte is put into the low end of the register, which the table is not asked with, and no zero
    /// bytes follow the last.
    /// </summary>
    /// <param name="bytes">The bytes, or some of them.</param>
    /// <param name="register">What came out of the bytes before these.</param>
    public static ushort Amb(ReadOnlySpan<byte> bytes, ushort register = 0xFFFF)
    {
        ReadOnlySpan<ushort> tables = CcittTables;
        while (bytes.Length >= Block)
        {
            // Eight bytes at once, because byte by byte each waits for the table's answer to the one before.
            ulong next = BinaryPrimitives.ReadUInt64BigEndian(bytes);
            register = (ushort)(
                tables[(7 << 8) | (register >> 8)] ^ tables[(6 << 8) | (register & 0xFF)]
                ^ tables[(5 << 8) | (int)(next >> 56)] ^ tables[(4 << 8) | ((int)(next >> 48) & 0xFF)]
                ^ tables[(3 << 8) | ((int)(next >> 40) & 0xFF)] ^ tables[(2 << 8) | ((int)(next >> 32) & 0xFF)]
                ^ tables[(1 << 8) | ((int)(next >> 24) & 0xFF)] ^ tables[(int)(next >> 16) & 0xFF]
                ^ (int)(next & 0xFFFF));
            bytes = bytes[Block..];
        }

        foreach (byte b in bytes)
            register = (ushort)(tables[register >> 8] ^ (register << 8) ^ b);
        return register;
    }

    /// <summary>CRC-16/MCRF4XX: over a frame that ends with it, low byte first, it is 0.</summary>
    public static ushort Mcrf4xx(ReadOnlySpan<byte> bytes)
    {
        ushort register = 0xFFFF;
        foreach (byte b in bytes)
            register = (ushort)(ReflectedTable[(register ^ b) & 0xFF] ^ (register >> 8));
        return register;
    }

    /// <summary>CRC-16/CCITT-FALSE, of which the usual tables are.</summary>
    public static ushort CcittFalse(ReadOnlySpan<byte> bytes) => Usual(CcittTables, bytes, 0xFFFF);

    /// <summary>CRC-16/BUYPASS: polynomial 0x8005 from 0, not reflected.</summary>
    public static ushort Buypass(ReadOnlySpan<byte> bytes) => Usual(BuypassTable, bytes, 0);

    static ushort Usual(ReadOnlySpan<ushort> table, ReadOnlySpan<byte> bytes, ushort register)
    {
        foreach (byte b in bytes)
            register = (ushort)(table[(register >> 8) ^ b] ^ (register << 8));
        return register;
    }

    static ushort[] CreateTable(int polynomial)
    {
        ushort[] table = new ushort[256];
        for (int high = 0; high < table.Length; high++)
        {
            int register = high << 8;
            for (int bit = 0; bit < 8; bit++)
                register = (register & 0x8000) != 0 ? (register << 1) ^ polynomial : register << 1;
            table[high] = (ushort)register;
        }

        return table;
    }

    static ushort[] CreateSlices(ushort[] table, int slices)
    {
        ushort[] tables = new ushort[slices * 256];
        table.CopyTo(tables.AsSpan());
        for (int at = 256; at < tables.Length; at++)
        {
            ushort before = tables[at - 256];
            tables[at] = (ushort)(table[before >> 8] ^ (before << 8));
        }

        return tables;
    }

    static ushort[] CreateReflectedTable()
    {
        ushort[] table = new ushort[256];
        for (int low = 0; low < table.Length; low++)
        {
            int register = low;
            for (int bit = 0; bit < 8; bit++)
                register = (register & 1) != 0 ? (register >> 1) ^ CcittReflected : register >> 1;
            table[low] = (ushort)register;
        }

        return table;
    }
}
