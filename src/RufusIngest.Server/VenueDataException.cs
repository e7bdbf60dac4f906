namespace RufusIngest.Server;

/// <summary>
/// The file of a server cannot be used: it is another server's, not a venue server's, of a newer version, damaged, or
/// the disk is full or read-only. The message names the file and says what to do.
/// </summary>
public sealed class VenueDataException : IOException
{
    internal VenueDataException(string message, string words = "", bool mayHeal = false)
        : base(message) => (Words, MayHeal) = (words, mayHeal);

    /// <summary>What is wrong, for clients: without the file's place.</summary>
    internal string Words { get; }

    /// <summary>The same request can succeed later without anybody looking into the file.</summary>
    internal bool MayHeal { get; }
}
