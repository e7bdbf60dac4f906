namespace RufusIngest.Readers;

/// <summary>A protocol by its name, with the parser behind it. Immutable, thread-safe.</summary>
public sealed class ReaderProtocol
{
    readonly Func<ReaderDecoder> _createDecoder;

    ReaderProtocol(string name, string description, Func<ReaderDecoder> createDecoder)
    {
        Name = name;
        Description = description;
        _createDecoder = createDecoder;
    }

    /// <summary>Name used in settings and on the command line: lower case, no blanks.</summary>
    public string Name { get; }

    /// <summary>Which devices speak it.</summary>
    public string Description { get; }

    /// <summary>RUFUS CloudBox, JSON over TCP.</summary>
    public static ReaderProtocol CloudBox { get; } = Create<CloudBoxParser>("cloudbox", "RUFUS CloudBox (JSON over TCP)");

    /// <summary>IPICO readers and Elite controllers.</summary>
    public static ReaderProtocol Ipico { get; } = Create<IpicoParser>("ipico", "IPICO readers and Elite controllers");

    /// <summary>RFID Timing Ultra and Joey.</summary>
    public static ReaderProtocol Ultra { get; } = Create<UltraParser>("ultra", "RFID Timing Ultra and Joey");

    /// <summary>The protocols that come with the library.</summary>
    public static IReadOnlyList<ReaderProtocol> All { get; } = [CloudBox, Ipico, Ultra];

    /// <summary>Makes a protocol of a parser of one's own.</summary>
    /// <typeparam name="TParser">The parser; each connection starts with its <c>default</c>.</typeparam>
    /// <param name="name">Name used in settings; must differ from the others' in one pipeline.</param>
    /// <param name="description">Which devices speak it.</param>
    public static ReaderProtocol Create<TParser>(string name, string description)
        where TParser : struct, IReadParser
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return new ReaderProtocol(name, description, ReaderDecoder.For<TParser>);
    }

    /// <summary>Finds one of <see cref="All"/> by name, in any case.</summary>
    public static ReaderProtocol? Find(string name) =>
        All.FirstOrDefault(protocol => protocol.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    internal ReaderDecoder CreateDecoder() => _createDecoder();

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
