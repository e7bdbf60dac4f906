namespace RufusIngest.Server;

/// <summary>The API's access types: GET needs reading, POST and PATCH need writing.</summary>
[Flags]
public enum VenueAccess
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The API's READ.</summary>
    Read = 1,

    /// <summary>The API's WRITE; it cannot read back.</summary>
    Write = 2,

    /// <summary>The API's READ_WRITE.</summary>
    ReadWrite = Read | Write,
}
