using System.Buffers.Binary;

namespace RufusIngest.Benchmarks;

/// <summary>Streams of LLRP reports as readers send them. Every run makes the same bytes.</summary>
static class LlrpSamples
{
    public const int Reads = 1500;

    /// <summary>What stands in each tag.</summary>
    public enum Shape
    {
        /// <summary>EPC-96, antenna, signal, first seen, count.</summary>
        Usual,

        /// <summary>And ROSpec, channel, last seen, Impinj's phase and finer signal.</summary>
        Makers,

        /// <summary>As usual, with an EPC of 128 bits.</summary>
        LongEpc,
    }

    public static byte[] Stream(Shape shape, int tagsInMessage, int messageLength)
    {
        List<byte> stream = [];
        for (int read = 0; read < Reads; read += tagsInMessage)
        {
            byte[] body = [.. Enumerable.Range(read, tagsInMessage).SelectMany(i => Tlv(240, Tag(shape, i)))];
            byte[] message = [0x04, 61, .. Number(body.Length + 10, 4), .. Number(read, 4), .. body];
            if (message.Length != messageLength)
                throw new InvalidDataException($"{shape}: {message.Length} bytes a message, not {messageLength}.");
            stream.AddRange(message);
        }

        return [.. stream];
    }

    static byte[] Tag(Shape shape, int read)
    {
        byte[] epc = [0x30, 0x08, 0x33, 0xB2, 0xDD, 0xD9, 0x01, 0x40, .. Number(read % 800, 4)];
        long time = ((Samples.Start - DateTime.UnixEpoch).Ticks / 10) + (read * 667);
        byte[] chip = shape == Shape.LongEpc ? Tlv(241, [0, 128, .. epc, 1, 2, 3, 4]) : [0x8D, .. epc];
        byte[] antenna = [0x81, .. Number(1 + (read % 4), 2)];
        byte[] signal = [0x86, (byte)(-45 - (read % 25))];
        byte[] first = [0x82, .. Number(time, 8)];
        byte[] count = [0x88, 0, 1];
        if (shape != Shape.Makers)
            return [.. chip, .. antenna, .. signal, .. first, .. count];
        return
        [
            .. chip, 0x89, .. Number(1, 4), .. antenna, .. signal, 0x87, .. Number(1 + (read % 50), 2), .. first,
            0x84, .. Number(time + 90, 8), .. count, .. Custom(56, read % 4096), .. Custom(57, -4500 - (read % 2500)),
        ];
    }

    static byte[] Custom(int subtype, int value) =>
        Tlv(1023, [.. Number(25882, 4), .. Number(subtype, 4), .. Number(value, 2)]);

    static byte[] Tlv(int type, byte[] value) => [.. Number(type, 2), .. Number(value.Length + 4, 2), .. value];

    static byte[] Number(long value, int length)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes[^length..];
    }
}
