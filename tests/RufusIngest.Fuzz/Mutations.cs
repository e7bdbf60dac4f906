namespace RufusIngest.Fuzz;

/// <summary>Cheap changes of a corpus, the same in every run: enough to show a target that is broken.</summary>
static class Mutations
{
    static readonly byte[] Telling =
        [.. "\0\t\n\r \"$',-./09:;<=>@AZ[\\]_az{|}~\u0001\u0002\u0003\u0080\u00FF".Select(c => (byte)c)];

    /// <summary>So many inputs made from a corpus, the corpus itself first.</summary>
    public static IEnumerable<byte[]> Of(IReadOnlyList<byte[]> corpus, int count)
    {
        Random random = new(20_260_517);
        foreach (byte[] stream in corpus)
            yield return stream;
        for (int i = 0; i < count; i++)
        {
            List<byte> bytes = [.. corpus[random.Next(corpus.Count)]];
            for (int changes = random.Next(1, 5); changes > 0 && bytes.Count > 0; changes--)
                Change(bytes, corpus, random);
            yield return [.. bytes];
        }
    }

    static void Change(List<byte> bytes, IReadOnlyList<byte[]> corpus, Random random)
    {
        int at = random.Next(bytes.Count);
        int length = Math.Min(random.Next(1, 12), bytes.Count - at);
        switch (random.Next(8))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[at] = Telling[random.Next(Telling.Length)];
                break;
            case 2:
                bytes.Insert(at, Telling[random.Next(Telling.Length)]);
                break;
            case 3:
                bytes.RemoveRange(at, length);
                break;
            case 4:
                bytes.InsertRange(at, bytes.GetRange(at, length));
                break;
            case 5 when char.IsAsciiDigit((char)bytes[at]):
                bytes[at] = (byte)('0' + random.Next(10));
                break;
            case 6:
                byte[] other = corpus[random.Next(corpus.Count)];
                bytes.InsertRange(at, other[random.Next(other.Length)..]);
                break;
            default:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
        }
    }
}
