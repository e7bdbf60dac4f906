using System.Buffers.Binary;
using RufusIngest.Readers.Framing;

namespace RufusIngest.Benchmarks;

/// <summary>Frames of binary protocols as readers send them. Every run makes the same bytes.</summary>
static class BinarySamples
{
    /// <summary>Passings of a P3 decoder, 51 bytes before escaping; one in four or five has an escape.</summary>
    public static byte[] P3(int reads)
    {
        List<byte> stream = [];
        byte[] record = Convert.FromHexString(
            "8E0233000000000001000104000000000304000000000408000000000000000005020000060200000802000081047AC802008F");
        long time = (Samples.Start - DateTime.UnixEpoch).Ticks / 10;
        for (int read = 0; read < reads; read++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(4), 0);
            BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(12), 100_000 + read);
            BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(18), 2_900_000 + (read % 800 * 7));
            BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(24), time + (read * 7_000L));
            record[34] = (byte)(60 + (read % 90));
            record[38] = (byte)(10 + (read % 40));
            BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(4), Checksum.Amb(record));
            stream.Add(record[0]);
            foreach (byte b in record.AsSpan()[1..^1])
            {
                if (b is >= 0x8D and <= 0x8F)
                    stream.AddRange([0x8D, (byte)(b + 0x20)]);
                else
                    stream.Add(b);
            }

            stream.Add(record[^1]);
        }

        return [.. stream];
    }

    /// <summary>Tags of an R2000 board, 21 bytes each.</summary>
    public static byte[] R2000(int reads)
    {
        byte[] frame = Convert.FromHexString("A01301890030003008330000000000000000000000");
        byte[] stream = new byte[reads * frame.Length];
        for (int read = 0; read < reads; read++)
        {
            frame[4] = (byte)((35 << 2) | (read % 4));
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(15), 1 + (read % 800));
            frame[19] = (byte)(40 + (read % 50));
            frame[20] = (byte)-Checksum.Sum(frame.AsSpan()[..^1]);
            frame.CopyTo(stream, read * frame.Length);
        }

        return stream;
    }
}
